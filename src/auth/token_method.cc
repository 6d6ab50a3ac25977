#include <utility>

#include "sluice/auth/credentials.h"
#include "sluice/auth/tokens.h"
#include "sluice/base/snapshot.h"

#include "auth/methods.h"

namespace sluice::auth {
namespace {

// Longer ones would make long keys for Redis.
constexpr size_t kLongestToken = 4'096;

Verdict Known(config::Endpoint server, const Digest& digest) {
  Identity identity{"token", {}};
  identity.server = std::move(server);
  identity.token_digest.assign(digest.begin(), digest.end());
  return Verdict::Accepted(std::move(identity));
}

/// Tokens of a file, or of all files of a directory.
class TokenMethod final : public Method {
 public:
  explicit TokenMethod(const config::TokenAuth& config) : config_(config) {}

  std::string_view name() const override { return "token"; }
  std::string Challenge() const override { return BearerChallenge(config_.from); }
  std::vector<std::string> paths() const override {
    if (config_.redis) return {};
    return {config_.file.empty() ? config_.directory : config_.file};
  }

  base::Result<void, std::string> Load(const Files& files) override {
    if (config_.redis) return {};
    TokenTable table;
    auto read = config_.file.empty() ? AddDirectory(files, table)
                                     : AddFile(files, config_.file, /*name=*/{}, table);
    if (!read) return read;
    table_.Set(std::make_shared<const TokenTable>(std::move(table)));
    return {};
  }

  bool RefusesEverybody() const override { return !config_.redis && table_.Get()->empty(); }

  CheckResult Check(const Request& request) const override {
    const auto token = FindToken(request.head, request.route.match, config_.from);
    if (!token) return {Verdict{}};
    const Digest digest = IdentifyToken(*token);
    if (!token->value || token->value->size() > kLongestToken) {
      return {Verdict::Refused("the token cannot be read"), digest};
    }
    if (config_.redis) {
      const auto take = [digest](const auto& value) { return Take(value, digest); };
      return {Lookup{config_.redis->prefix + *token->value, take}, digest};
    }
    const auto table = table_.Get();
    const auto entry = table->find(digest);
    if (entry == table->end()) return {Verdict::Refused("the token is unknown"), digest};
    return {Known(entry->second, digest), digest};
  }

 private:
  static Verdict Take(const std::optional<std::string>& value, const Digest& digest) {
    if (!value) return Verdict::Refused("the token is unknown");
    auto server = ParseTokenValue(*value);
    // Not told from a token that is unknown: what else is in there is nobody's business.
    if (!server) return Verdict::Refused("what Redis has for the token is not host:port");
    return Known(*std::move(server), digest);
  }

  static base::Result<void, std::string> AddFile(const Files& files, const std::string& path,
                                                 std::string_view name, TokenTable& table) {
    const auto text = files.Read(path);
    if (!text) return base::Unexpected(path + ' ' + text.error());
    if (auto added = AddTokens(*text, name, table); !added) {
      return base::Unexpected(path + ' ' + added.error());
    }
    return {};
  }

  base::Result<void, std::string> AddDirectory(const Files& files, TokenTable& table) const {
    const auto names = files.List(config_.directory);
    if (!names) return base::Unexpected(config_.directory + ' ' + names.error());
    for (const auto& name : *names) {
      // The path of a file that may be named like its token is not for the log.
      auto added = AddFile(files, config_.directory + '/' + name, name, table);
      if (!added) return base::Unexpected("a file of " + config_.directory + " has a fault");
    }
    return {};
  }

  const config::TokenAuth config_;
  base::Snapshot<TokenTable> table_;
};

}  // namespace

std::unique_ptr<Method> MakeToken(const config::TokenAuth& config) {
  return std::make_unique<TokenMethod>(config);
}

}  // namespace sluice::auth
