#include "cli/answer.h"

#include <string_view>
#include <utility>
#include <variant>

#include "sluice/auth/guard.h"
#include "sluice/base/cause.h"
#include "sluice/relay/upgrade_check.h"

#include "server/auth_files.h"

namespace sluice::cli {
namespace {

constexpr const char* kSwitching = "101 Switching Protocols";
// What no configuration shows.
constexpr const char* kNotKnown = "; not known here: limits, rates, and whether a server answers";

/// The result of the methods of one route.
struct Credentials {
  bool is_accepted = false;
  std::string unknown;  ///< what only the running gateway can check
  std::string refused;  ///< why the others refuse
};

void Append(std::string& list, std::string_view text) {
  list.append(list.empty() ? "" : ", ").append(text);
}

/// What the gateway would still have to ask; empty if `answer` is a verdict of which this process
/// knows as much.
std::string_view UnknownPart(std::string_view method, const auth::Answer& answer) {
  if (std::holds_alternative<auth::HeavyCheck>(answer)) return "the password";
  if (std::holds_alternative<auth::Lookup>(answer)) return "the token in Redis";
  const bool is_absent = std::get<auth::Verdict>(answer).kind == auth::Verdict::Kind::kAbsent;
  return method == "ticket" && !is_absent ? "the ticket" : "";
}

Credentials CheckCredentials(const config::Config& config, size_t route,
                             const auth::Request& request, bool has_claims) {
  const auth::Guard guard(config);
  for (const auto& entry : guard.methods()) (void)entry.method->Load(server::DiskFiles());
  Credentials result;
  for (const auth::Method* const method : guard.MethodsOf(route)) {
    const std::string name(method->name());
    if (name == "jwt" && has_claims) {
      result.is_accepted = true;
      break;
    }
    const auth::Answer answer = method->Check(request).answer;
    if (const auto unknown = UnknownPart(name, answer); !unknown.empty()) {
      Append(result.unknown, name + " (" + std::string(unknown) + ")");
      continue;
    }
    const auto& verdict = std::get<auth::Verdict>(answer);
    if (verdict.kind == auth::Verdict::Kind::kAccepted) {
      result.is_accepted = true;
      break;
    }
    const bool is_absent = verdict.kind == auth::Verdict::Kind::kAbsent;
    Append(result.refused, name + " (" + (is_absent ? "no credentials" : verdict.detail) + ")");
  }
  return result;
}

}  // namespace

Answer AnswerFor(const http::Refusal& refusal) {
  const base::CauseInfo& info = base::InfoOf(refusal.cause);
  return {false, std::to_string(info.http_status) + ' ' + std::string(info.reason) + ": " +
                     refusal.detail};
}

Answer AnswerOfRoute(const config::Config& config, size_t route, const auth::Request& request,
                     const Connection& connection) {
  const config::Route& taken = config.routes[route];
  if (taken.is_console) {
    const auto refusal = relay::CheckPageRequest(request.head);
    return refusal ? AnswerFor(*refusal) : Answer{true, "200 OK, the page"};
  }
  if (const auto refusal =
          relay::CheckUpgradeRequest(request.head, taken.options, connection.uses_tls)) {
    return AnswerFor(*refusal);
  }
  const auto& no_server = connection.no_server;
  const Answer authenticated = no_server ? AnswerFor(*no_server) : Answer{true, kSwitching};
  const Answer full{authenticated.is_accepted, authenticated.text + (no_server ? "" : kNotKnown)};
  if (taken.options.auth.empty()) return full;
  const Credentials credentials = CheckCredentials(config, route, request, connection.has_claims);
  if (credentials.is_accepted) return full;
  const std::string otherwise = "401 unauthorized";
  if (credentials.unknown.empty()) return {false, otherwise + ": " + credentials.refused};
  return {authenticated.is_accepted, authenticated.text + " or " + otherwise +
                                         "; only the running gateway can check " +
                                         credentials.unknown};
}

}  // namespace sluice::cli
