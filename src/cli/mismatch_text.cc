#include "cli/mismatch_text.h"

#include <algorithm>
#include <string_view>

#include "sluice/settings/quote.h"

namespace sluice::cli {
namespace {

using routing::Condition;
using settings::NamedValues;
using Texts = std::vector<std::string>;

std::string Joined(const Texts& texts) {
  std::string joined;
  for (const auto& text : texts) joined.append(joined.empty() ? "" : " or ").append(text);
  return joined;
}

/// Escapes a value of a token, because it may contain control characters of a terminal.
std::string Quoted(const Texts& texts) {
  std::string joined;
  for (const auto& text : texts)
    joined.append(joined.empty() ? "" : ", ").append(settings::Quote(text));
  return joined;
}

const NamedValues& Named(const std::vector<NamedValues>& conditions, std::string_view name) {
  return *std::find_if(conditions.begin(), conditions.end(),
                       [name](const NamedValues& one) { return one.name == name; });
}

std::string Wanted(std::string_view kind, const NamedValues& condition) {
  return std::string(kind) + ' ' + condition.name + " is not " +
         (condition.values.empty() ? "there" : Joined(condition.values));
}

std::string Found(std::string_view value) {
  return value.empty() ? std::string(", there is none") : ", it is " + std::string(value);
}

}  // namespace

std::string DescribeMismatch(const settings::Config& config, const settings::Match& match,
                             const routing::Mismatch& mismatch, const DescribedRequest& request) {
  const routing::RequestFacts& facts = request.facts;
  switch (mismatch.condition) {
    case Condition::kListener: {
      Texts names;
      for (const size_t index : match.listeners) names.push_back(config.listeners[index].name);
      return "listener is not " + Joined(names) + Found(config.listeners[facts.listener].name);
    }
    case Condition::kClient: {
      Texts ranges;
      for (const auto& range : match.client->ranges) ranges.push_back(range.ToString());
      if (match.client->unix_sockets) ranges.emplace_back("unix");
      return "client is not in " + Joined(ranges) +
             Found(facts.client ? facts.client->ToString() : "unix");
    }
    case Condition::kSni:
      return "sni is not " + Joined(match.sni) + Found(facts.sni);
    case Condition::kCertificate:
      return "certificate is not for " + Joined(match.certificate) +
             Found(Joined(facts.certificate));
    case Condition::kHost:
      return "host is not " + match.host + Found(facts.host);
    case Condition::kPath:
      return "path is not " + match.path.ToString() + Found(request.head.path);
    case Condition::kUpgrade:
      return *match.upgrade ? "upgrade is not websocket" : "upgrade is not none";
    case Condition::kSubprotocol:
      return "subprotocol is not " + Joined(match.subprotocols) +
             Found(request.head.Joined("Sec-WebSocket-Protocol"));
    case Condition::kHeader:
      return Wanted("header", Named(match.headers, mismatch.name));
    case Condition::kQuery:
      return Wanted("query", Named(match.query, mismatch.name));
    case Condition::kClaim:  // FindMismatch() leaves claims aside.
      break;
  }
  return {};
}

std::string DescribeMissingClaim(const settings::Match& match, std::string_view name,
                                 const Texts& values) {
  return Wanted("claim", Named(match.claims, name)) + Found(Quoted(values));
}

}  // namespace sluice::cli
