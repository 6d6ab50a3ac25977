#include "sluice/http/forwarded.h"

#include <algorithm>
#include <string>

#include "sluice/base/text.h"

namespace sluice::http {
namespace {

/// Parses `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]` or `[2001:db8::1]:80`.
ForwardedNode ParseNode(std::string_view text) {
  if (const auto ip = base::IpAddress::Parse(text)) return {ip, 0};
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  // A port may be hidden, too (RFC 7239 section 6): then it counts as unknown.
  const auto port = base::ParseNumber(text.substr(colon + 1), 65535);
  const std::string_view host = text.substr(0, colon);
  // An IPv6 address with a port is in brackets, so that the port can be recognised.
  if (!host.starts_with('[') && host.find(':') != std::string_view::npos) return {};
  const auto ip = base::IpAddress::Parse(host);
  if (!ip) return {};
  return {ip, static_cast<uint16_t>(port.value_or(0))};
}

// RFC 7239 section 4:
//   Forwarded         = 1#forwarded-element
//   forwarded-element = [ forwarded-pair ] *( ";" [ forwarded-pair ] )
//   forwarded-pair    = token "=" ( token / quoted-string )
class ForwardedReader {
 public:
  explicit ForwardedReader(std::string_view value) : rest_(value) {}

  std::optional<std::vector<ForwardedNode>> Read() {
    std::vector<ForwardedNode> nodes;
    do {
      SkipWhitespace();
      if (rest_.empty() || rest_.front() == ',') continue;  // RFC 9110 section 5.6.1.2.
      ForwardedNode node;
      if (!ReadElement(node)) return std::nullopt;
      nodes.push_back(node);
    } while (ConsumeIf(','));
    if (!rest_.empty()) return std::nullopt;
    return nodes;
  }

 private:
  bool ReadElement(ForwardedNode& node) {
    bool has_for = false;
    bool is_https = false;
    do {
      SkipWhitespace();
      if (rest_.empty() || rest_.front() == ';' || rest_.front() == ',') continue;
      const std::string_view name = ConsumeToken();
      std::string value;
      if (name.empty() || !ConsumeIf('=') || !ReadValue(value)) return false;
      SkipWhitespace();
      if (base::EqualsIgnoringCase(name, "proto")) {
        is_https = base::EqualsIgnoringCase(value, "https");
      }
      if (!base::EqualsIgnoringCase(name, "for")) continue;
      if (has_for) return false;  // Each parameter at most once.
      has_for = true;
      node = ParseNode(value);
    } while (ConsumeIf(';'));
    node.is_https = is_https;
    return true;
  }

  bool ReadValue(std::string& value) {
    if (!ConsumeIf('"')) {
      value = ConsumeToken();
      return !value.empty();
    }
    while (!rest_.empty() && rest_.front() != '"') {
      if (ConsumeIf('\\') && rest_.empty()) return false;
      value += rest_.front();
      rest_.remove_prefix(1);
    }
    return ConsumeIf('"');
  }

  std::string_view ConsumeToken() {
    size_t size = 0;
    while (size < rest_.size() && base::IsToken(rest_.substr(size, 1))) ++size;
    const std::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return token;
  }

  bool ConsumeIf(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void SkipWhitespace() {
    while (rest_.starts_with(' ') || rest_.starts_with('\t')) rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

}  // namespace

std::vector<ForwardedNode> ParseXForwardedFor(std::string_view value) {
  std::vector<ForwardedNode> nodes;
  for (const std::string_view element : base::SplitList(value)) nodes.push_back(ParseNode(element));
  return nodes;
}

bool IsForwardedHttps(std::string_view value) {
  return base::EqualsIgnoringCase(base::TrimWhitespace(value), "https");
}

std::optional<std::vector<ForwardedNode>> ParseForwarded(std::string_view value) {
  return ForwardedReader(value).Read();
}

std::optional<ForwardedNode> ClientAmong(
    const std::vector<ForwardedNode>& nodes,
    const std::function<bool(const base::IpAddress&)>& is_trusted) {
  std::optional<ForwardedNode> client;
  for (auto node = nodes.rbegin(); node != nodes.rend() && node->ip; ++node) {
    client = *node;
    if (!is_trusted(*node->ip)) break;
  }
  return client;
}

}  // namespace sluice::http
