#include "sluice/http/query.h"

#include "sluice/base/text.h"

namespace sluice::http {
namespace {

std::string Decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded += ' ';
      continue;
    }
    const auto high =
        text[i] == '%' && i + 2 < text.size() ? base::HexDigit(text[i + 1]) : std::nullopt;
    const auto low = high ? base::HexDigit(text[i + 2]) : std::nullopt;
    if (low) {
      decoded += static_cast<char>(*high * 16 + *low);
      i += 2;
    } else {
      decoded += text[i];
    }
  }
  return decoded;
}

}  // namespace

std::vector<std::string> QueryValues(std::string_view query, std::string_view name) {
  std::vector<std::string> values;
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    const auto equals = pair.find('=');
    if (Decode(pair.substr(0, equals)) != name) continue;
    values.push_back(equals == std::string_view::npos ? "" : Decode(pair.substr(equals + 1)));
  }
  return values;
}

}  // namespace sluice::http
