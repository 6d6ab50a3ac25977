#include "sluice/auth/verdicts.h"

#include <utility>

namespace sluice::auth {

void AddVerdict(Verdict& total, const Method& method, Verdict verdict) {
  using Kind = Verdict::Kind;
  if (verdict.kind == Kind::kAccepted) {
    total = std::move(verdict);
    return;
  }
  if (verdict.kind == Kind::kAbsent) return;
  std::string detail = std::string(method.name()) + ": " + verdict.detail;
  if (!total.detail.empty()) detail = total.detail + "; " + detail;
  const bool is_unavailable =
      total.kind == Kind::kUnavailable || verdict.kind == Kind::kUnavailable;
  if (!total.user.empty()) verdict.user = total.user;
  total = {is_unavailable ? Kind::kUnavailable : Kind::kRefused, std::move(detail), nullptr,
           std::move(verdict.user)};
}

std::string DescribeRefusal(const Verdict& total, const std::vector<const Method*>& methods) {
  if (total.kind != Verdict::Kind::kAbsent) return total.detail;
  std::string names;
  for (const auto* const method : methods) {
    names.append(names.empty() ? "" : ", ").append(method->name());
  }
  return names + ": the request has no credentials";
}

}  // namespace sluice::auth
