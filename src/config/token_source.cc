#include "config/token_source.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "sluice/base/text.h"

#include "config/quote.h"
#include "config/values.h"

namespace sluice::config {
namespace {

constexpr std::pair<std::string_view, TokenSource::Kind> kPlain[] = {
    {"authorization", TokenSource::Kind::kAuthorization},
    {"subprotocol", TokenSource::Kind::kSubprotocol},
    {"path", TokenSource::Kind::kPath},
    {"host", TokenSource::Kind::kHost}};
constexpr std::pair<std::string_view, TokenSource::Kind> kNamed[] = {
    {"query:", TokenSource::Kind::kQuery}, {"cookie:", TokenSource::Kind::kCookie}};
constexpr std::string_view kExpected =
    "'authorization', 'subprotocol', 'path', 'host', 'query:NAME' or 'cookie:NAME'";

Parsed<TokenSource> ParseTokenSource(std::string_view text) {
  for (const auto& [word, kind] : kPlain) {
    if (text == word) return TokenSource{kind};
  }
  for (const auto& [prefix, kind] : kNamed) {
    if (!text.starts_with(prefix)) continue;
    const auto name = text.substr(prefix.size());
    if (base::IsToken(name)) return TokenSource{kind, std::string(name)};
  }
  return base::Unexpected(Expected(kExpected, text));
}

}  // namespace

std::vector<TokenSource> ReadTokenSources(Reader& reader, const Value& value) {
  std::vector<TokenSource> sources;
  const auto items =
      value.node.IsSequence() ? reader.Items(value, "sources") : std::vector<Value>{value};
  for (const auto& item : items) {
    TokenSource source;
    if (!reader.ReadScalar(item, kExpected, ParseTokenSource, source)) continue;
    if (std::find(sources.begin(), sources.end(), source) != sources.end()) {
      reader.Error(item, "is in the list twice");
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace sluice::config
