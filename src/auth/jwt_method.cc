#include <utility>

#include "sluice/auth/credentials.h"
#include "sluice/auth/jwt.h"
#include "sluice/base/snapshot.h"

#include "auth/json.h"
#include "auth/methods.h"

namespace sluice::auth {
namespace {

using Keys = std::vector<JwtKey>;

class JwtMethod final : public Method {
 public:
  explicit JwtMethod(const settings::JwtAuth& config) : config_(config) {}

  std::string_view name() const override { return "jwt"; }
  std::string Challenge() const override { return BearerChallenge(config_.from); }
  std::vector<std::string> paths() const override { return {path()}; }

  FilesLoaded Load(const Files& files) override {
    const auto text = files.Read(path());
    if (!text) return {false, {{path(), 0, text.error()}}};
    auto keys = Parse(*text);
    if (!keys) return {false, {Describe(*text, std::move(keys).error())}};
    keys_.Set(std::make_shared<const Keys>(*std::move(keys)));
    return {};
  }

  CheckResult Check(const Attempt& attempt) const override {
    const auto token = FindToken(attempt.head, attempt.route.match, config_.from);
    if (!token) return {Verdict{}};
    const Digest credential = IdentifyToken(*token);
    if (!token->value) return {Verdict::Refused("the token cannot be read"), credential};
    auto identity = VerifyJwt(*token->value, *keys_.Get(), config_, attempt.wall_time);
    if (!identity) return {Verdict::Refused(std::move(identity).error()), credential};
    return {Verdict::Accepted(*std::move(identity)), credential};
  }

 private:
  const std::string& path() const {
    return config_.key_file.empty() ? config_.jwks_file : config_.key_file;
  }

  base::Result<Keys, std::string> Parse(const std::string& text) const {
    if (config_.key_file.empty()) return ParseJwks(text, config_.algorithms);
    auto key = ParseKeyFile(text, config_.algorithms);
    if (!key) return base::Unexpected(std::move(key).error());
    return Keys{*std::move(key)};
  }

  settings::FileFault Describe(const std::string& text, std::string fault) const {
    const auto line = config_.key_file.empty() ? FindSyntaxError(text) : std::nullopt;
    if (line) return {path(), *line, "the JSON is not valid here; expected {\"keys\": [...]}"};
    return {path(), 0, std::move(fault)};
  }

  const settings::JwtAuth config_;
  base::Snapshot<Keys> keys_;
};

}  // namespace

std::unique_ptr<Method> MakeJwt(const settings::JwtAuth& config) {
  return std::make_unique<JwtMethod>(config);
}

}  // namespace sluice::auth
