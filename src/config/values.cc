#include "config/values.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "sluice/base/text.h"
#include "sluice/settings/address_text.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/listener.h"
#include "sluice/settings/process.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/session_options.h"
#include "sluice/settings/timeout.h"
#include "sluice/settings/tls.h"

namespace sluice::config {
namespace {

using base::Unexpected;

struct Unit {
  std::string_view name;
  uint64_t factor;
};

constexpr std::array<Unit, 4> kTimeUnits = {
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<Unit, 3> kSizeUnits = {{{"MiB", 1024 * 1024}, {"KiB", 1024}, {"", 1}}};

// Larger than any bound, and small enough to be multiplied by the factor of a unit.
constexpr uint64_t kLargestNumber = 1'000'000'000'000;

std::optional<uint64_t> ParseWithUnit(std::string_view text, std::span<const Unit> units) {
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = base::ParseNumber(text.substr(0, end), kLargestNumber);
  const auto unit = std::find_if(units.begin(), units.end(), [&](const Unit& candidate) {
    return candidate.name == text.substr(end);
  });
  if (!number || unit == units.end()) return std::nullopt;
  return *number * unit->factor;
}

std::string FormatWithUnit(uint64_t value, std::span<const Unit> units) {
  const auto unit = std::find_if(units.begin(), units.end(), [value](const Unit& candidate) {
    return value % candidate.factor == 0;
  });
  return std::to_string(value / unit->factor) + std::string(unit->name);
}

constexpr bool Contains(const Range& range, uint64_t value) {
  return value >= range.min && value <= range.max;
}

constexpr bool IsNameByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_' || c == '.';
}

// Returns "a size from 1KiB to 1MiB", without bounds that are too large to matter.
std::string SizeWithin(const Range& range) {
  constexpr uint64_t kHuge = uint64_t{1} << 40;
  const std::string bounds = range.max >= kHuge
                                 ? "of " + FormatSize(range.min) + " or more"
                                 : "from " + FormatSize(range.min) + " to " + FormatSize(range.max);
  return "a size " + bounds + " (bytes, or units KiB, MiB)";
}

}  // namespace

Parsed<settings::Timeout> ParseTimeout(std::string_view text, const TimeoutRange& range) {
  if (range.may_be_off && text == "off") return settings::Timeout{0};
  const auto milliseconds = ParseWithUnit(text, kTimeUnits);
  const Range bounds{static_cast<uint64_t>(range.min.count()),
                     static_cast<uint64_t>(range.max.count())};
  if (milliseconds && Contains(bounds, *milliseconds)) {
    return settings::Timeout{static_cast<settings::Timeout::rep>(*milliseconds)};
  }
  const std::string least = range.min == settings::Timeout{0} ? "0s" : FormatTimeout(range.min);
  return Unexpected(settings::Expected("a duration from " + least + " to " +
                                           FormatTimeout(range.max) + " (units ms, s, m, h)" +
                                           (range.may_be_off ? " or 'off'" : ""),
                                       text));
}

Parsed<size_t> ParseSize(std::string_view text, const Range& range) {
  if (range.may_be_off && text == "off") return size_t{0};
  const auto size = ParseWithUnit(text, kSizeUnits);
  if (size && Contains(range, *size)) return static_cast<size_t>(*size);
  return Unexpected(
      settings::Expected(SizeWithin(range) + (range.may_be_off ? " or 'off'" : ""), text));
}

Parsed<size_t> ParseSizeOrAuto(std::string_view text, const Range& range) {
  if (text == "auto") return size_t{0};
  if (const auto size = ParseSize(text, range)) return *size;
  return Unexpected(settings::Expected("'auto' or " + SizeWithin(range), text));
}

Parsed<uint64_t> ParseCount(std::string_view text, const Range& range) {
  if (range.may_be_off && text == "off") return uint64_t{0};
  const auto number = base::ParseNumber(text, kLargestNumber);
  if (number && Contains(range, *number)) return *number;
  return Unexpected(
      settings::Expected((range.may_be_off ? "'off' or a number from " : "a number from ") +
                             std::to_string(range.min) + " to " + std::to_string(range.max),
                         text));
}

Parsed<std::chrono::microseconds> ParseRate(std::string_view text) {
  constexpr uint64_t kMost = 100'000;
  constexpr std::array<Unit, 3> kUnits = {
      {{"/s", 1'000'000}, {"/m", 60'000'000}, {"/h", 3'600'000'000}}};
  const auto end = std::min(text.find('/'), text.size());
  const auto number = base::ParseNumber(text.substr(0, end), kMost);
  const auto unit = std::find_if(kUnits.begin(), kUnits.end(), [&](const Unit& candidate) {
    return candidate.name == text.substr(end);
  });
  if (!number || *number == 0 || unit == kUnits.end()) {
    return Unexpected(
        settings::Expected("a rate such as 20/s, 100/m or 5/h, at most 100000", text));
  }
  return std::chrono::microseconds(unit->factor / *number);
}

Parsed<bool> ParseBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Unexpected(settings::Expected("'true' or 'false'", text));
}

Parsed<unsigned> ParseWorkers(std::string_view text) {
  if (text == "auto") return 0U;
  const auto number = base::ParseNumber(text, 256);
  if (!number || *number == 0)
    return Unexpected(settings::Expected("'auto' or a number from 1 to 256", text));
  return static_cast<unsigned>(*number);
}

Parsed<std::string> ParseName(std::string_view text) {
  if (!text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), IsNameByte)) {
    return std::string(text);
  }
  return Unexpected(
      settings::Expected("a name of 1 to 64 letters, digits, '-', '_' and '.'", text));
}

Parsed<settings::User> ParseUser(std::string_view text) {
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  const auto group = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  const bool has_group = colon == std::string_view::npos || ParseName(group);
  if (!ParseName(name) || !has_group) {
    return Unexpected(settings::Expected("the name of a user, or user:group", text));
  }
  return settings::User{std::string(name), std::string(group)};
}

Parsed<settings::OnDialFailure> ParseOnDialFailure(std::string_view text) {
  if (text == "close") return settings::OnDialFailure::kClose;
  if (text == "http") return settings::OnDialFailure::kHttp;
  return Unexpected(settings::Expected("'close' or 'http'", text));
}

Parsed<settings::OnRemoval> ParseOnRemoval(std::string_view text) {
  if (text == "keep") return settings::OnRemoval::kKeep;
  if (text == "close") return settings::OnRemoval::kClose;
  return Unexpected(settings::Expected("'keep' or 'close'", text));
}

Parsed<settings::CloseCodes> ParseCloseCodes(std::string_view text) {
  if (text == "standard") return settings::CloseCodes::kStandard;
  if (text == "websockify") return settings::CloseCodes::kWebsockify;
  return Unexpected(settings::Expected("'standard' or 'websockify'", text));
}

Parsed<settings::ListenerProtocol> ParseListenerProtocol(std::string_view text) {
  if (text == "websocket") return settings::ListenerProtocol::kWebSocket;
  if (text == "tcp") return settings::ListenerProtocol::kTcp;
  return Unexpected(settings::Expected("'websocket' or 'tcp'", text));
}

Parsed<uint32_t> ParseFileMode(std::string_view text) {
  std::string_view digits = text;
  if (digits.size() == 4 && digits.front() == '0') digits.remove_prefix(1);
  const bool is_octal = std::all_of(digits.begin(), digits.end(),
                                    [](char digit) { return digit >= '0' && digit <= '7'; });
  if (digits.size() != 3 || !is_octal) {
    return Unexpected(settings::Expected("an octal mode such as \"0660\"", text));
  }
  uint32_t mode = 0;
  for (const char digit : digits) mode = mode * 8 + static_cast<uint32_t>(digit - '0');
  return mode;
}

Parsed<settings::TlsVersion> ParseTlsVersion(std::string_view text) {
  if (text == "1.2") return settings::TlsVersion::k12;
  if (text == "1.3") return settings::TlsVersion::k13;
  return Unexpected(settings::Expected("'1.2' or '1.3'", text));
}

Parsed<settings::TlsMode> ParseTlsMode(std::string_view text) {
  if (text == "required") return settings::TlsMode::kRequired;
  if (text == "auto") return settings::TlsMode::kAuto;
  return Unexpected(settings::Expected("'required' or 'auto'", text));
}

Parsed<settings::ClientCertificate> ParseClientCertificate(std::string_view text) {
  if (text == "required") return settings::ClientCertificate::kRequired;
  if (text == "optional") return settings::ClientCertificate::kOptional;
  return Unexpected(settings::Expected("'required' or 'optional'", text));
}

Parsed<std::string> ParseCipher(std::string_view text) {
  // Other items of OpenSSL's lists change the order or lower the level of security.
  const auto is_allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '+';
  };
  const bool is_name = !text.empty() && text.front() != '-' && text.front() != '+' &&
                       std::all_of(text.begin(), text.end(), is_allowed);
  if (is_name) return std::string(text);
  return Unexpected(
      settings::Expected("the name of a cipher such as ECDHE-RSA-AES128-GCM-SHA256", text));
}

Parsed<std::string> ParseServerName(std::string_view text) {
  if (auto ip = settings::NormalizeIp(text)) return *std::move(ip);
  if (!text.empty() && !settings::HostNameFault(text)) return std::string(text);
  return Unexpected(
      settings::Expected("a host name such as db.example.com, or an IP address", text));
}

Parsed<std::string> ParsePath(std::string_view text) {
  if (!text.empty()) return std::string(text);
  return Unexpected(settings::Expected("the path of a file", text));
}

Parsed<std::string> ParseSubprotocol(std::string_view text) {
  if (base::IsToken(text)) return std::string(text);
  return Unexpected(settings::Expected(
      "a subprotocol's name (a token: no spaces, and no separators such as ',', '/' or ':')",
      text));
}

Parsed<settings::Endpoint> ParseDnsServer(std::string_view text) {
  const bool has_brackets = text.starts_with('[');
  const auto host = has_brackets ? text.substr(1, text.find(']') - 1) : text;
  if (const auto fault = settings::ZoneFault(host))
    return Unexpected(settings::Quote(text) + ' ' + *fault);
  auto ip = settings::NormalizeIp(text);
  if (!ip) ip = settings::NormalizeZonedIpv6(text);
  if (ip) return settings::Endpoint{settings::Endpoint::Kind::kTcp, *std::move(ip), 53};
  // Like an address to listen on, without the bare port and port 0.
  const bool names_host = text.find_first_of(".[") != std::string_view::npos;
  auto endpoint = settings::ParseListenAddress(text);
  if (names_host && endpoint && endpoint->kind == settings::Endpoint::Kind::kTcp &&
      endpoint->port != 0) {
    return *std::move(endpoint);
  }
  return Unexpected(
      settings::Expected("an IP address such as 127.0.0.1, 127.0.0.1:53 or [::1]:53", text));
}

std::string FormatTimeout(settings::Timeout timeout) {
  if (timeout == settings::Timeout{0}) return "off";
  return FormatWithUnit(static_cast<uint64_t>(timeout.count()), kTimeUnits);
}

std::string FormatSize(uint64_t size) {
  return FormatWithUnit(size, kSizeUnits);
}

}  // namespace sluice::config
