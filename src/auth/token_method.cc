#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/auth/credentials.h"
#include "sluice/auth/tokens.h"
#include "sluice/base/snapshot.h"

#include "auth/methods.h"

namespace sluice::auth {
namespace {

// Bounds the length of keys in Redis.
constexpr size_t kLongestToken = 4'096;

Verdict Known(settings::Endpoint server, const Digest& digest) {
  Identity identity{"token", {}};
  identity.server = std::move(server);
  identity.token_digest.assign(digest.begin(), digest.end());
  return Verdict::Accepted(std::move(identity));
}

using Faults = std::vector<settings::FileFault>;

/// Tokens of a file, or of all files of a directory.
class TokenMethod final : public Method {
 public:
  explicit TokenMethod(const settings::TokenAuth& config) : config_(config) {}

  std::string_view name() const override { return "token"; }
  std::string Challenge() const override { return BearerChallenge(config_.from); }
  std::vector<std::string> paths() const override {
    if (config_.redis) return {};
    return {config_.file.empty() ? config_.directory : config_.file};
  }

  FilesLoaded Load(const Files& files) override {
    if (config_.redis) return {};
    return config_.file.empty() ? LoadDirectory(files) : LoadFile(files);
  }

  bool RefusesEverybody() const override { return !config_.redis && table_.Get()->size() == 0; }

  CheckResult Check(const Attempt& attempt) const override {
    const auto token = FindToken(attempt.head, attempt.route.match, config_.from);
    if (!token) return {Verdict{}};
    const Digest digest = IdentifyToken(*token);
    if (!token->value || token->value->size() > kLongestToken) {
      return {Verdict::Refused("the token cannot be read"), digest};
    }
    if (config_.redis) {
      const auto judge = [digest](const auto& value) { return Judge(value, digest); };
      return {Lookup{config_.redis->prefix + *token->value, judge}, digest};
    }
    const auto table = table_.Get();
    const settings::Endpoint* const server = table->Find(digest);
    if (server == nullptr) return {Verdict::Refused("the token is unknown"), digest};
    return {Known(*server, digest), digest};
  }

 private:
  static Verdict Judge(const std::optional<std::string>& value, const Digest& digest) {
    if (!value) return Verdict::Refused("the token is unknown");
    auto server = ParseTokenValue(*value);
    // The client gets the same answer as for an unknown token: the value may contain secrets.
    if (!server) return Verdict::Refused("what Redis has for the token is not host:port");
    return Known(*std::move(server), digest);
  }

  static Faults AddFile(const Files& files, const std::string& path, const std::string& name,
                        TokenTable& table) {
    const auto text = files.Read(path);
    if (!text) return {{path, 0, text.error()}};
    return InFile(path, table.AddFile(*text, name));
  }

  FilesLoaded LoadFile(const Files& files) {
    TokenTable table;
    auto faults = AddFile(files, config_.file, /*name=*/{}, table);
    if (!faults.empty()) return {false, std::move(faults)};
    table_.Set(std::make_shared<const TokenTable>(std::move(table)));
    return {};
  }

  /// Loads all files of the directory. A file with a fault keeps its old tokens, so that a file
  /// that an editor has only half written revokes no token and does not block the other files.
  FilesLoaded LoadDirectory(const Files& files) {
    const auto names = files.List(config_.directory);
    if (!names) return {false, {{config_.directory, 0, names.error()}}};
    const auto before = table_.Get();
    TokenTable table;
    Faults faults;
    for (const auto& name : *names) {
      auto found = AddFile(files, config_.directory + '/' + name, name, table);
      if (!found.empty() && before) table.CopyFile(*before, name);
      std::move(found.begin(), found.end(), std::back_inserter(faults));
    }
    if (!faults.empty() && !before) return {false, std::move(faults)};
    table_.Set(std::make_shared<const TokenTable>(std::move(table)));
    return {true, std::move(faults)};
  }

  const settings::TokenAuth config_;
  base::Snapshot<TokenTable> table_;
};

}  // namespace

std::unique_ptr<Method> MakeToken(const settings::TokenAuth& config) {
  return std::make_unique<TokenMethod>(config);
}

}  // namespace sluice::auth
