#include "config/values.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>

#include "sluice/base/text.h"

#include "config/address_text.h"
#include "config/quote.h"

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

// More than any bound, and small enough that a unit's factor cannot overflow it.
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

// "a size from 1KiB to 1MiB"; the largest bounds are not worth their digits.
std::string SizeWithin(const Range& range) {
  constexpr uint64_t kHuge = uint64_t{1} << 40;
  const std::string bounds = range.max >= kHuge
                                 ? "of " + FormatSize(range.min) + " or more"
                                 : "from " + FormatSize(range.min) + " to " + FormatSize(range.max);
  return "a size " + bounds + " (bytes, or units KiB, MiB)";
}

}  // namespace

Parsed<Timeout> ParseTimeout(std::string_view text, const TimeoutRange& range) {
  if (range.may_be_off && text == "off") return Timeout{0};
  const auto milliseconds = ParseWithUnit(text, kTimeUnits);
  const Range bounds{static_cast<uint64_t>(range.min.count()),
                     static_cast<uint64_t>(range.max.count())};
  if (milliseconds && Contains(bounds, *milliseconds)) {
    return Timeout{static_cast<Timeout::rep>(*milliseconds)};
  }
  const std::string least = range.min == Timeout{0} ? "0s" : FormatTimeout(range.min);
  return Unexpected(Expected("a duration from " + least + " to " + FormatTimeout(range.max) +
                                 " (units ms, s, m, h)" + (range.may_be_off ? " or 'off'" : ""),
                             text));
}

Parsed<size_t> ParseSize(std::string_view text, const Range& range) {
  if (range.may_be_off && text == "off") return size_t{0};
  const auto size = ParseWithUnit(text, kSizeUnits);
  if (size && Contains(range, *size)) return static_cast<size_t>(*size);
  return Unexpected(Expected(SizeWithin(range) + (range.may_be_off ? " or 'off'" : ""), text));
}

Parsed<size_t> ParseSizeOrAuto(std::string_view text, const Range& range) {
  if (text == "auto") return size_t{0};
  if (const auto size = ParseSize(text, range)) return *size;
  return Unexpected(Expected("'auto' or " + SizeWithin(range), text));
}

Parsed<uint64_t> ParseCount(std::string_view text, const Range& range) {
  if (range.may_be_off && text == "off") return uint64_t{0};
  const auto number = base::ParseNumber(text, kLargestNumber);
  if (number && Contains(range, *number)) return *number;
  return Unexpected(Expected((range.may_be_off ? "'off' or a number from " : "a number from ") +
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
    return Unexpected(Expected("a rate such as 20/s, 100/m or 5/h, at most 100000", text));
  }
  return std::chrono::microseconds(unit->factor / *number);
}

Parsed<bool> ParseBool(std::string_view text) {
  if (text == "true") return true;
  if (text == "false") return false;
  return Unexpected(Expected("'true' or 'false'", text));
}

Parsed<unsigned> ParseWorkers(std::string_view text) {
  if (text == "auto") return 0U;
  const auto number = base::ParseNumber(text, 256);
  if (!number || *number == 0)
    return Unexpected(Expected("'auto' or a number from 1 to 256", text));
  return static_cast<unsigned>(*number);
}

Parsed<std::string> ParseName(std::string_view text) {
  if (!text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), IsNameByte)) {
    return std::string(text);
  }
  return Unexpected(Expected("a name of 1 to 64 letters, digits, '-', '_' and '.'", text));
}

Parsed<User> ParseUser(std::string_view text) {
  const auto colon = text.find(':');
  const auto name = text.substr(0, colon);
  const auto group = colon == std::string_view::npos ? "" : text.substr(colon + 1);
  const bool has_group = colon == std::string_view::npos || ParseName(group);
  if (!ParseName(name) || !has_group) {
    return Unexpected(Expected("the name of a user, or user:group", text));
  }
  return User{std::string(name), std::string(group)};
}

Parsed<OnDialFailure> ParseOnDialFailure(std::string_view text) {
  if (text == "close") return OnDialFailure::kClose;
  if (text == "http") return OnDialFailure::kHttp;
  return Unexpected(Expected("'close' or 'http'", text));
}

Parsed<OnRemoval> ParseOnRemoval(std::string_view text) {
  if (text == "keep") return OnRemoval::kKeep;
  if (text == "close") return OnRemoval::kClose;
  return Unexpected(Expected("'keep' or 'close'", text));
}

Parsed<CloseCodes> ParseCloseCodes(std::string_view text) {
  if (text == "standard") return CloseCodes::kStandard;
  if (text == "websockify") return CloseCodes::kWebsockify;
  return Unexpected(Expected("'standard' or 'websockify'", text));
}

Parsed<ListenerProtocol> ParseListenerProtocol(std::string_view text) {
  if (text == "websocket") return ListenerProtocol::kWebSocket;
  if (text == "tcp") return ListenerProtocol::kTcp;
  return Unexpected(Expected("'websocket' or 'tcp'", text));
}

Parsed<uint32_t> ParseFileMode(std::string_view text) {
  std::string_view digits = text;
  if (digits.size() == 4 && digits.front() == '0') digits.remove_prefix(1);
  const bool is_octal = std::all_of(digits.begin(), digits.end(),
                                    [](char digit) { return digit >= '0' && digit <= '7'; });
  if (digits.size() != 3 || !is_octal) {
    return Unexpected(Expected("an octal mode such as \"0660\"", text));
  }
  uint32_t mode = 0;
  for (const char digit : digits) mode = mode * 8 + static_cast<uint32_t>(digit - '0');
  return mode;
}

Parsed<TlsVersion> ParseTlsVersion(std::string_view text) {
  if (text == "1.2") return TlsVersion::k12;
  if (text == "1.3") return TlsVersion::k13;
  return Unexpected(Expected("'1.2' or '1.3'", text));
}

Parsed<TlsMode> ParseTlsMode(std::string_view text) {
  if (text == "required") return TlsMode::kRequired;
  if (text == "auto") return TlsMode::kAuto;
  return Unexpected(Expected("'required' or 'auto'", text));
}

Parsed<ClientCertificate> ParseClientCertificate(std::string_view text) {
  if (text == "required") return ClientCertificate::kRequired;
  if (text == "optional") return ClientCertificate::kOptional;
  return Unexpected(Expected("'required' or 'optional'", text));
}

Parsed<std::string> ParseCipher(std::string_view text) {
  // What else OpenSSL's lists may hold changes their order or lowers the level of security.
  const auto is_allowed = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '+';
  };
  const bool is_name = !text.empty() && text.front() != '-' && text.front() != '+' &&
                       std::all_of(text.begin(), text.end(), is_allowed);
  if (is_name) return std::string(text);
  return Unexpected(Expected("the name of a cipher such as ECDHE-RSA-AES128-GCM-SHA256", text));
}

Parsed<std::string> ParseServerName(std::string_view text) {
  if (auto ip = NormalizeIp(text)) return *std::move(ip);
  if (!text.empty() && !HostNameFault(text)) return std::string(text);
  return Unexpected(Expected("a host name such as db.example.com, or an IP address", text));
}

Parsed<std::string> ParsePath(std::string_view text) {
  if (!text.empty()) return std::string(text);
  return Unexpected(Expected("the path of a file", text));
}

Parsed<std::string> ParseSubprotocol(std::string_view text) {
  if (base::IsToken(text)) return std::string(text);
  return Unexpected(Expected(
      "a subprotocol's name (a token: no spaces, and no separators such as ',', '/' or ':')",
      text));
}

Parsed<Endpoint> ParseDnsServer(std::string_view text) {
  const bool has_brackets = text.starts_with('[');
  const auto host = has_brackets ? text.substr(1, text.find(']') - 1) : text;
  if (const auto fault = ZoneFault(host)) return Unexpected(Quote(text) + ' ' + *fault);
  auto ip = NormalizeIp(text);
  if (!ip) ip = NormalizeZonedIpv6(text);
  if (ip) return Endpoint{Endpoint::Kind::kTcp, *std::move(ip), 53};
  // Like an address to listen on, but for the bare port and port 0.
  const bool names_host = text.find_first_of(".[") != std::string_view::npos;
  auto endpoint = ParseListenAddress(text);
  if (names_host && endpoint && endpoint->kind == Endpoint::Kind::kTcp && endpoint->port != 0) {
    return *std::move(endpoint);
  }
  return Unexpected(Expected("an IP address such as 127.0.0.1, 127.0.0.1:53 or [::1]:53", text));
}

std::string FormatTimeout(Timeout timeout) {
  if (timeout == Timeout{0}) return "off";
  return FormatWithUnit(static_cast<uint64_t>(timeout.count()), kTimeUnits);
}

std::string FormatSize(uint64_t size) {
  return FormatWithUnit(size, kSizeUnits);
}

}  // namespace sluice::config
