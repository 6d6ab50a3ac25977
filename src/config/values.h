// Parses single values of a configuration: durations, sizes, numbers, names. Pure. Every error is
// one sentence with what was expected and what was found.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/listener.h"
#include "sluice/settings/process.h"
#include "sluice/settings/session_options.h"
#include "sluice/settings/timeout.h"
#include "sluice/settings/tls.h"

#include "config/reader.h"

namespace sluice::config {

template <typename T>
using Parsed = base::Result<T, std::string>;

/// Bounds are inclusive.
struct TimeoutRange {
  settings::Timeout min;
  settings::Timeout max;
  bool may_be_off = false;  ///< the word `off`, read as zero: no limit, or never
};

struct Range {
  uint64_t min;
  uint64_t max;
  bool may_be_off = false;  ///< the word `off`, read as zero: no bound
};

/// `500ms`, `30s`, `5m`, `1h`, and `off` where the range allows it.
Parsed<settings::Timeout> ParseTimeout(std::string_view text, const TimeoutRange& range);

/// `4096`, `16KiB`, `1MiB`, in bytes; and `off` where the range allows it.
Parsed<size_t> ParseSize(std::string_view text, const Range& range);

/// `auto` (0), or a size as ParseSize reads it.
Parsed<size_t> ParseSizeOrAuto(std::string_view text, const Range& range);

/// A decimal number, and `off` where the range allows it.
Parsed<uint64_t> ParseCount(std::string_view text, const Range& range);

/// `20/s`, `100/m`, `5/h`: the time from one to the next.
Parsed<std::chrono::microseconds> ParseRate(std::string_view text);

/// `true` or `false`.
Parsed<bool> ParseBool(std::string_view text);

/// `auto` (0) or 1 to 256.
Parsed<unsigned> ParseWorkers(std::string_view text);

/// `sluice` or `sluice:group`.
Parsed<settings::User> ParseUser(std::string_view text);

/// The name of a route or a backend: 1 to 64 letters, digits, `-`, `_` and `.`.
Parsed<std::string> ParseName(std::string_view text);

Parsed<settings::OnDialFailure> ParseOnDialFailure(std::string_view text);

Parsed<settings::OnRemoval> ParseOnRemoval(std::string_view text);

Parsed<settings::CloseCodes> ParseCloseCodes(std::string_view text);

/// `websocket` or `tcp`.
Parsed<settings::ListenerProtocol> ParseListenerProtocol(std::string_view text);

/// The mode of a file: three octal digits, or four that begin with 0.
Parsed<uint32_t> ParseFileMode(std::string_view text);

/// `1.2` or `1.3`.
Parsed<settings::TlsVersion> ParseTlsVersion(std::string_view text);

/// `required` or `auto`.
Parsed<settings::TlsMode> ParseTlsMode(std::string_view text);

/// `required` or `optional`.
Parsed<settings::ClientCertificate> ParseClientCertificate(std::string_view text);

/// One of OpenSSL's names of ciphers, or a group of them such as `ECDHE+AESGCM`.
Parsed<std::string> ParseCipher(std::string_view text);

/// The name in a server's certificate: a host's, or an IP address.
Parsed<std::string> ParseServerName(std::string_view text);

/// The path of a file.
Parsed<std::string> ParsePath(std::string_view text);

/// A WebSocket subprotocol, a token (RFC 6455 section 4.1).
Parsed<std::string> ParseSubprotocol(std::string_view text);

/// The address of a DNS server: an IP address, with a port or without (53).
Parsed<settings::Endpoint> ParseDnsServer(std::string_view text);

/// Returns the shortest text: `90s`, `2m`, `off` for zero.
std::string FormatTimeout(settings::Timeout timeout);

/// Returns the shortest text: `100`, `16KiB`.
std::string FormatSize(uint64_t size);

/// Reads one duration into a member; for a table of fields.
template <auto Member, const TimeoutRange& range, typename T>
void ReadTimeout(Reader& reader, const Value& value, T& target) {
  reader.ReadScalar(
      value, "a duration", [](std::string_view text) { return ParseTimeout(text, range); },
      target.*Member);
}

}  // namespace sluice::config
