#include "config/token_source.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "sluice/base/text.h"
#include "sluice/settings/auth.h"
#include "sluice/settings/quote.h"

#include "config/values.h"

namespace sluice::config {
namespace {

constexpr std::pair<std::string_view, settings::TokenSource::Kind> kPlain[] = {
    {"authorization", settings::TokenSource::Kind::kAuthorization},
    {"subprotocol", settings::TokenSource::Kind::kSubprotocol},
    {"path", settings::TokenSource::Kind::kPath},
    {"host", settings::TokenSource::Kind::kHost}};
constexpr std::pair<std::string_view, settings::TokenSource::Kind> kNamed[] = {
    {"query:", settings::TokenSource::Kind::kQuery},
    {"cookie:", settings::TokenSource::Kind::kCookie}};
constexpr std::string_view kExpected =
    "'authorization', 'subprotocol', 'path', 'host', 'query:NAME' or 'cookie:NAME'";

Parsed<settings::TokenSource> ParseTokenSource(std::string_view text) {
  for (const auto& [word, kind] : kPlain) {
    if (text == word) return settings::TokenSource{kind};
  }
  for (const auto& [prefix, kind] : kNamed) {
    if (!text.starts_with(prefix)) continue;
    const auto name = text.substr(prefix.size());
    if (base::IsToken(name)) return settings::TokenSource{kind, std::string(name)};
  }
  return base::Unexpected(settings::Expected(kExpected, text));
}

}  // namespace

std::vector<settings::TokenSource> ReadTokenSources(Reader& reader, const Value& value) {
  std::vector<settings::TokenSource> sources;
  const auto items =
      value.node.IsSequence() ? reader.Items(value, "sources") : std::vector<Value>{value};
  for (const auto& item : items) {
    settings::TokenSource source;
    if (!reader.ReadScalar(item, kExpected, ParseTokenSource, source)) continue;
    if (std::find(sources.begin(), sources.end(), source) != sources.end()) {
      reader.Error(item, "is in the list twice");
    }
    sources.push_back(std::move(source));
  }
  return sources;
}

}  // namespace sluice::config
