#include <functional>
#include <iterator>
#include <string>
#include <utility>

#include "sluice/auth/credentials.h"
#include "sluice/auth/passwords.h"
#include "sluice/base/snapshot.h"

#include "auth/methods.h"

namespace sluice::auth {
namespace {

// The limit of crypt(3).
constexpr size_t kLongestPassword = 511;

class BasicMethod final : public Method {
 public:
  explicit BasicMethod(const settings::BasicAuth& config) : config_(config) {}

  std::string_view name() const override { return "basic"; }
  std::string Challenge() const override {
    return "Basic realm=\"" + config_.realm + "\", charset=\"UTF-8\"";
  }
  std::vector<std::string> paths() const override { return {config_.users_file}; }

  FilesLoaded Load(const Files& files) override {
    const auto text = files.Read(config_.users_file);
    if (!text) return {false, {{config_.users_file, 0, text.error()}}};
    auto users = ParseUsers(*text);
    if (!users) return {false, InFile(config_.users_file, std::move(users).error())};
    users_.Set(std::make_shared<const Users>(*std::move(users)));
    return {};
  }

  bool RefusesEverybody() const override { return users_.Get()->empty(); }

  CheckResult Check(const Attempt& attempt) const override {
    auto found = FindBasic(attempt.head);
    if (!found) return {Verdict{}};
    if (!found->value || found->value->password.size() > kLongestPassword) {
      return {Verdict::Refused("the Authorization header cannot be read"), DigestOf({})};
    }
    const Digest credential = Identify(*found->value);
    const auto users = users_.Get();
    const auto user = users->find(found->value->user);
    const bool is_known = user != users->end();
    // The time of a refusal must not reveal which users exist.
    std::string hash = is_known ? user->second : OtherHash(*users, found->value->user);
    HeavyCheck check{[is_known, hash = std::move(hash), given = *std::move(found->value)] {
      const bool is_password = IsPassword(hash, given.password);
      if (!is_known || !is_password) {
        // Without a password, the user may be a token: some clients send tokens in this way.
        return Verdict::Refused("the user or password is wrong",
                                given.password.empty() ? "" : given.user);
      }
      return Verdict::Accepted({"basic", given.user});
    }};
    return {std::move(check), credential};
  }

 private:
  static Digest Identify(const UserAndPassword& given) {
    // Differs from all tokens, which contain no NUL.
    return DigestOf(std::string(1, '\0') + given.user + ':' + given.password);
  }

  /// Returns the hash to check the password of an unknown user with.
  static std::string OtherHash(const Users& users, const std::string& name) {
    // Of `*`, for a file without users.
    if (users.empty()) return "$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
    const size_t other = std::hash<std::string>()(name) % users.size();
    return std::next(users.begin(), static_cast<ptrdiff_t>(other))->second;
  }

  const settings::BasicAuth config_;
  base::Snapshot<Users> users_;
};

}  // namespace

std::unique_ptr<Method> MakeBasic(const settings::BasicAuth& config) {
  return std::make_unique<BasicMethod>(config);
}

}  // namespace sluice::auth
