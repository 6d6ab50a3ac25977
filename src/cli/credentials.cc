#include "cli/credentials.h"

#include <string_view>
#include <utility>
#include <variant>

#include "sluice/auth/verdicts.h"

#include "server/disk_files.h"

namespace sluice::cli {
namespace {

/// Returns the credentials that only the running gateway can check; empty if `answer` is a verdict
/// that this process can give.
std::string_view UnknownPart(std::string_view method, const auth::Answer& answer) {
  if (std::holds_alternative<auth::HeavyCheck>(answer)) return "the password";
  if (std::holds_alternative<auth::Lookup>(answer)) return "the token in Redis";
  const bool is_absent = std::get<auth::Verdict>(answer).kind == auth::Verdict::Kind::kAbsent;
  return method == "ticket" && !is_absent ? "the ticket" : "";
}

}  // namespace

CredentialsCheck::CredentialsCheck(const settings::Config& config) : methods_(config) {
  for (const auto& entry : methods_.entries()) (void)entry.method->Load(server::DiskFiles());
}

Credentials CredentialsCheck::Check(size_t route, const auth::Attempt& attempt,
                                    bool has_valid_token) const {
  Credentials result;
  const auto& methods = methods_.MethodsOf(route);
  result.is_accepted = methods.empty();
  for (const auth::Method* const method : methods) {
    if (method->name() == "jwt" && has_valid_token) {
      result.is_accepted = true;
      return result;
    }
    auto answer = method->Check(attempt).answer;
    if (const auto unknown = UnknownPart(method->name(), answer); !unknown.empty()) {
      result.unknown.append(result.unknown.empty() ? "" : ", ").append(method->name());
      result.unknown.append(" (").append(unknown).append(")");
      continue;
    }
    auth::AddVerdict(result.refusal, *method, std::get<auth::Verdict>(std::move(answer)));
    if (result.refusal.kind != auth::Verdict::Kind::kAccepted) continue;
    result.is_accepted = true;
    result.identity = result.refusal.identity;
    return result;
  }
  result.why_refused = auth::DescribeRefusal(result.refusal, methods);
  return result;
}

}  // namespace sluice::cli
