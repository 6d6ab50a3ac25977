#include "sluice/auth/verdicts.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::auth {
namespace {

class NamedMethod final : public Method {
 public:
  explicit NamedMethod(std::string name) : name_(std::move(name)) {}
  std::string_view name() const override { return name_; }
  CheckResult Check(const Attempt& /*attempt*/) const override { return {Verdict()}; }

 private:
  std::string name_;
};

const NamedMethod kBasic("basic");
const NamedMethod kJwt("jwt");

std::string Describe(const std::vector<Verdict>& verdicts) {
  const std::vector<const Method*> methods = {&kBasic, &kJwt};
  Verdict total;
  for (size_t i = 0; i < verdicts.size(); ++i) AddVerdict(total, *methods[i], verdicts[i]);
  return DescribeRefusal(total, methods);
}

TEST(Verdicts, NameTheMethodsOfARequestWithoutCredentials) {
  EXPECT_EQ(Describe({{}, {}}), "basic, jwt: the request has no credentials");
}

TEST(Verdicts, NameEachMethodThatRefuses) {
  const auto expired = Verdict::Refused("it has expired");
  EXPECT_EQ(Describe({{}, expired}), "jwt: it has expired");
  EXPECT_EQ(Describe({Verdict::Refused("wrong password", "alice"), expired}),
            "basic: wrong password; jwt: it has expired");
}

TEST(Verdicts, OfAMethodThatCouldNotBeAskedCountMore) {
  Verdict total;
  AddVerdict(total, kBasic, Verdict::Unavailable("Redis"));
  AddVerdict(total, kJwt, Verdict::Refused("it has expired", "alice"));
  EXPECT_EQ(total.kind, Verdict::Kind::kUnavailable);
  EXPECT_EQ(total.user, "alice");
  AddVerdict(total, kBasic, Verdict::Accepted({"basic", "bob"}));
  EXPECT_EQ(total.kind, Verdict::Kind::kAccepted);
  EXPECT_EQ(total.identity->user, "bob");
}

}  // namespace
}  // namespace sluice::auth
