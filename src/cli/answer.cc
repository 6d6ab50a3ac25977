#include "cli/answer.h"

#include "sluice/base/cause.h"

namespace sluice::cli {
namespace {

constexpr const char* kSwitching = "101 Switching Protocols";
// Conditions that the configuration does not show.
constexpr const char* kNotKnown = "; not known here: limits, rates, and whether a server answers";

}  // namespace

Answer AnswerFor(const http::Refusal& refusal) {
  const base::CauseInfo& info = base::InfoOf(refusal.cause);
  return {false, std::to_string(info.http_status) + ' ' + std::string(info.reason) + ": " +
                     refusal.detail};
}

Answer AnswerForRefused(const Credentials& credentials) {
  const bool is_unavailable = credentials.refusal.kind == auth::Verdict::Kind::kUnavailable;
  return AnswerFor({is_unavailable ? base::Cause::kAuthUnavailable : base::Cause::kUnauthorized,
                    credentials.why_refused});
}

Answer AnswerForCredentials(const Credentials& credentials,
                            const std::optional<http::Refusal>& no_server) {
  const Answer accepted = no_server ? AnswerFor(*no_server) : Answer{true, kSwitching};
  if (credentials.is_accepted) {
    return {accepted.is_accepted, accepted.text + (no_server ? "" : kNotKnown)};
  }
  if (credentials.unknown.empty()) return AnswerForRefused(credentials);
  return {accepted.is_accepted, accepted.text +
                                    " or 401 unauthorized; only the running gateway can check " +
                                    credentials.unknown};
}

}  // namespace sluice::cli
