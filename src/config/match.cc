#include "config/match.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sluice/base/text.h"
#include "sluice/config/patterns.h"
#include "sluice/config/suggest.h"
#include "sluice/settings/auth.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/listener.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/route.h"
#include "sluice/settings/tls.h"

#include "config/proxy.h"
#include "config/targets.h"
#include "config/values.h"

namespace sluice::config {
namespace {

using base::Unexpected;

// Conditions that accept any value.
constexpr std::string_view kPresent = "*";

struct MatchDraft {
  settings::Match match;
  bool has_path = false;
  std::optional<Value> listener;
};

// Returns the items of a list, or the single value in place of a list.
std::vector<Value> OneOrMore(Reader& reader, const Value& value, std::string_view items) {
  return value.node.IsSequence() ? reader.Items(value, items) : std::vector<Value>{value};
}

Parsed<bool> ParseUpgrade(std::string_view text) {
  if (text == "websocket") return true;
  if (text == "none") return false;
  return Unexpected(settings::Expected("'websocket' or 'none'", text));
}

Parsed<std::string> ParsePlainText(std::string_view text) {
  const auto is_control = [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; };
  if (std::none_of(text.begin(), text.end(), is_control)) return std::string(text);
  return Unexpected(settings::Expected("a text without control characters", text));
}

Parsed<std::string> ParseSni(std::string_view text) {
  auto name = ParseHostPattern(text);
  if (name && !name->starts_with('{')) return name;
  return Unexpected(
      settings::Expected("a host name such as www.example.com or *.example.com", text));
}

// Reads texts, one of which must match. `parse` reads each of them.
template <typename Parse>
std::vector<std::string> ReadTexts(Reader& reader, const Value& value, std::string_view items,
                                   Parse parse) {
  std::vector<std::string> texts;
  for (const auto& item : OneOrMore(reader, value, items)) {
    std::string text;
    if (reader.ReadScalar(item, "a text, or a list", parse, text)) texts.push_back(std::move(text));
  }
  return texts;
}

// Reads a mapping of names to their allowed values.
std::vector<settings::NamedValues> ReadNamedValues(Reader& reader, const Value& value) {
  std::vector<settings::NamedValues> named;
  if (!reader.ExpectMapping(value)) return named;
  for (const auto& entry : reader.Entries(value)) {
    settings::NamedValues wanted{entry.key,
                                 ReadTexts(reader, entry.value, "values", ParsePlainText)};
    if (wanted.values == std::vector<std::string>{std::string(kPresent)}) {
      wanted.values.clear();
    } else if (std::find(wanted.values.begin(), wanted.values.end(), kPresent) !=
               wanted.values.end()) {
      reader.Error(
          entry.value,
          "'*' matches any value, so that the others have no effect; take them out, or the '*'");
    }
    named.push_back(std::move(wanted));
  }
  if (value.node.size() == 0) reader.Error(value, "expected one name or more, each with a value");
  return named;
}

template <auto member>
void ReadNamed(Reader& reader, const Value& value, MatchDraft& draft) {
  draft.match.*member = ReadNamedValues(reader, value);
}

void ReadHeaders(Reader& reader, const Value& value, MatchDraft& draft) {
  draft.match.headers = ReadNamedValues(reader, value);
  for (const auto& header : draft.match.headers) {
    if (base::IsToken(header.name)) continue;
    reader.Error(value, settings::Expected("the name of a header field", header.name));
  }
}

void ReadClient(Reader& reader, const Value& value, MatchDraft& draft) {
  settings::Sources sources;
  for (const auto& item : OneOrMore(reader, value, "address ranges")) {
    ReadSource(reader, item, sources);
  }
  draft.match.client = std::move(sources);
}

constexpr Field<MatchDraft> kMatchFields[] = {
    {"host",
     [](Reader& reader, const Value& value, MatchDraft& draft) {
       reader.ReadScalar(value, "a host name", ParseHostPattern, draft.match.host);
     }},
    {"path",
     [](Reader& reader, const Value& value, MatchDraft& draft) {
       draft.has_path = true;
       reader.ReadScalar(value, "a path", ParsePathPattern, draft.match.path);
     }},
    {"upgrade",
     [](Reader& reader, const Value& value, MatchDraft& draft) {
       bool upgrade = false;
       if (reader.ReadScalar(value, "'websocket' or 'none'", ParseUpgrade, upgrade)) {
         draft.match.upgrade = upgrade;
       }
     }},
    {"query", ReadNamed<&settings::Match::query>},
    {"headers", ReadHeaders},
    {"subprotocol",
     [](Reader& reader, const Value& value, MatchDraft& draft) {
       draft.match.subprotocols = ReadTexts(reader, value, "subprotocols", ParseSubprotocol);
     }},
    {"client", ReadClient},
    {"listener", [](Reader&, const Value& value, MatchDraft& draft) { draft.listener = value; }},
    {"sni",
     [](Reader& reader, const Value& value, MatchDraft& draft) {
       draft.match.sni = ReadTexts(reader, value, "names", ParseSni);
     }},
    {"certificate",
     [](Reader& reader, const Value& value, MatchDraft& draft) {
       draft.match.certificate = ReadTexts(reader, value, "names", ParseCertificateName);
     }},
    {"claims", ReadNamed<&settings::Match::claims>},
};

// Returns the listeners of that name. Two may be without a name, at any free port of one address.
std::vector<size_t> ListenersNamed(const std::vector<settings::Listener>& listeners,
                                   std::string_view text) {
  // An address has more than one spelling.
  const auto address = settings::ParseListenAddress(text);
  const std::string spelled = address ? address->ToString() : std::string();
  std::vector<size_t> named;
  for (size_t i = 0; i < listeners.size(); ++i) {
    if (listeners[i].name == text || listeners[i].name == spelled) named.push_back(i);
  }
  return named;
}

void ReadListenerNames(Reader& reader, const Value& value,
                       const std::vector<settings::Listener>& listeners, settings::Match& match) {
  for (const auto& item : OneOrMore(reader, value, "names of listeners")) {
    const auto text = reader.Text(item, "the name of a listener");
    if (!text) continue;
    const auto named = ListenersNamed(listeners, *text);
    match.listeners.insert(match.listeners.end(), named.begin(), named.end());
    // Without any listener, that is the error.
    if (!named.empty() || listeners.empty()) continue;
    std::vector<std::string_view> names;
    for (const auto& listener : listeners) names.push_back(listener.name);
    reader.Error(item, "unknown listener " + settings::Quote(*text) +
                           Suggestion(*text, names, "the known listeners are"));
  }
}

bool AsksForCertificates(const settings::Listener& listener) {
  return listener.tls && listener.tls->client_certificate != settings::ClientCertificate::kNone;
}

// Conditions that only some listeners can meet.
void CheckTls(Reader& reader, const Value& value, const std::vector<settings::Listener>& listeners,
              const settings::Match& match) {
  const auto has_one = [&](auto is_fit) {
    if (match.listeners.empty()) return std::any_of(listeners.begin(), listeners.end(), is_fit);
    return std::any_of(match.listeners.begin(), match.listeners.end(),
                       [&](size_t index) { return is_fit(listeners[index]); });
  };
  // Listeners with errors may lack settings.
  if (reader.has_errors()) return;
  if (!match.certificate.empty() && !has_one(AsksForCertificates)) {
    reader.Warn(value,
                "this match is never met: none of its listeners asks clients for a certificate "
                "(client_ca)");
  } else if (!match.sni.empty() && !has_one([](const settings::Listener& listener) {
               return listener.tls.has_value();
             })) {
    reader.Warn(
        value,
        "this match is never met: none of its listeners has 'tls', so that there is no 'sni'");
  }
}

bool IsJwt(const settings::AuthMethod& method) {
  return std::holds_alternative<settings::JwtAuth>(method);
}

}  // namespace

void ReadMatch(Reader& reader, const Value& value, const std::vector<settings::Listener>& listeners,
               settings::Match& match) {
  MatchDraft draft;
  if (!reader.ReadMapping<MatchDraft>(value, kMatchFields, draft)) return;
  if (!value.node.IsMap() || value.node.size() == 0) {
    reader.Error(value, "expected one condition or more, such as 'path'");
  }
  if (!draft.has_path) {
    draft.match.any_path = true;
    draft.match.path.is_prefix = true;
  }
  if (draft.listener) ReadListenerNames(reader, *draft.listener, listeners, draft.match);
  auto names = CaptureNames(draft.match);
  std::sort(names.begin(), names.end());
  if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
    reader.Error(value, "two captures are named '{" + std::string(*twice) + "}'");
  }
  match = std::move(draft.match);
}

void CheckMatch(Reader& reader, const Value& value,
                const std::vector<settings::Listener>& listeners, const settings::Route& route) {
  const settings::Match& match = route.match;
  if (match.upgrade && *match.upgrade == route.is_console) {
    reader.Error(value, route.is_console ? "a page is for requests with 'upgrade: none'"
                                         : "a backend is for requests with 'upgrade: websocket'");
  }
  const auto& auth = route.options.auth;
  // Clients of other methods have no claims, so the search would always continue after this route.
  if (!match.claims.empty() &&
      (route.is_console || auth.empty() || !std::all_of(auth.begin(), auth.end(), IsJwt))) {
    reader.Error(value,
                 "'claims' are those of a token that the route has verified: its 'auth' "
                 "must be 'jwt', and no other method");
  }
  CheckTls(reader, value, listeners, match);
}

void AddMatchMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"match", KeysOf<MatchDraft>(kMatchFields)});
}

}  // namespace sluice::config
