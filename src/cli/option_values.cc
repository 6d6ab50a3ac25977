#include "cli/option_values.h"

#include <algorithm>
#include <array>

#include "sluice/base/text.h"
#include "sluice/config/suggest.h"
#include "sluice/settings/quote.h"

namespace sluice::cli {
namespace {

using base::Unexpected;
using settings::Expected;

}  // namespace

Parsed<std::string> ParseText(std::string_view text) {
  if (!text.empty()) return std::string(text);
  return Unexpected(Expected("a value", text));
}

Parsed<uint16_t> ParsePort(std::string_view text) {
  if (const auto port = base::ParseNumber(text, 65'535)) return static_cast<uint16_t>(*port);
  return Unexpected(Expected("a port from 1 to 65535, or 0 for any free port", text));
}

Parsed<unsigned> ParseSeconds(std::string_view text) {
  const auto seconds = base::ParseNumber(text, 60);
  if (seconds && *seconds != 0) return static_cast<unsigned>(*seconds);
  return Unexpected(Expected("a number of seconds from 1 to 60, without a unit", text));
}

Parsed<Check::Format> ParseFormat(std::string_view text) {
  if (text == "text") return Check::Format::kText;
  if (text == "json") return Check::Format::kJson;
  constexpr std::array<std::string_view, 2> kFormats = {"text", "json"};
  const auto meant = config::Nearest(text, kFormats);
  return Unexpected(Expected("'text' or 'json'", text) +
                    (meant.empty() ? "" : "; did you mean '" + std::string(meant) + "'?"));
}

Parsed<std::string> ParseMethod(std::string_view text) {
  if (base::IsToken(text)) return std::string(text);
  return Unexpected(Expected("a method of HTTP such as GET", text));
}

Parsed<std::string> ParseHeaderField(std::string_view text) {
  const bool is_line = text.find_first_of("\r\n") == std::string_view::npos;
  if (is_line && base::IsToken(text.substr(0, std::min(text.find(':'), text.size()))) &&
      text.find(':') != std::string_view::npos) {
    return std::string(text);
  }
  return Unexpected(Expected("a header field such as 'Origin: https://app.example.com'", text));
}

Parsed<std::optional<base::IpAddress>> ParseClient(std::string_view text) {
  if (text == "unix") return std::optional<base::IpAddress>();
  if (const auto ip = base::IpAddress::Parse(text)) return std::optional(*ip);
  return Unexpected(Expected("an IP address such as 192.0.2.7, or 'unix'", text));
}

Parsed<Claim> ParseClaim(std::string_view text) {
  const auto equals = text.find('=');
  if (equals != std::string_view::npos && equals != 0) {
    return Claim{std::string(text.substr(0, equals)), std::string(text.substr(equals + 1))};
  }
  return Unexpected(Expected("name=value", text));
}

Parsed<std::string> ParseUrl(std::string_view text) {
  const auto colon = text.find("://");
  const std::string scheme = base::ToLower(text.substr(0, std::min(colon, text.size())));
  const bool is_known = scheme == "ws" || scheme == "wss" || scheme == "http" || scheme == "https";
  if (text == kTcpUrl || (colon != std::string_view::npos && is_known)) return std::string(text);
  return Unexpected(Expected(
      "a URL such as wss://www.example.com/path, of ws, wss, http or https, or 'tcp:'", text));
}

}  // namespace sluice::cli
