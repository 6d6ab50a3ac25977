#include "server/auth_files.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "server/disk_files.h"

namespace sluice::server {

base::Result<void, std::string> AuthFiles::Load(const auth::MethodSet* previous) {
  auto methods = std::make_shared<auth::MethodSet>(config_, previous);
  if (methods->entries().empty()) return {};
  for (const auto& entry : methods->entries()) {
    if (auto added = Add(entry); !added) {
      return base::Unexpected("auth: " + std::string(entry.method->name()) + ": " + added.error());
    }
  }
  methods_ = std::move(methods);
  return {};
}

namespace {

std::string DescribeFaults(const std::vector<settings::FileFault>& faults) {
  std::string text = faults.front().ToString();
  if (faults.size() > 1) text += " (and " + std::to_string(faults.size() - 1) + " more)";
  return text;
}

}  // namespace

base::Result<void, std::string> AuthFiles::Add(const auth::MethodSet::Entry& entry) {
  auth::Method& method = *entry.method;
  if (auto paths = method.paths(); !paths.empty()) {
    watched_.push_back(files_.Add(std::move(paths), [this, &method] { Reload(method); }));
  }
  if (const auto loaded = method.Load(DiskFiles()); !loaded.is_used) {
    return base::Unexpected(DescribeFaults(loaded.faults));
  }
  LogIfEmpty(method);
  const auto* const token = std::get_if<settings::TokenAuth>(&entry.config);
  if (token == nullptr || !token->redis) return {};
  redis::Server server{.address = {token->redis->port == 0 ? settings::Endpoint::Kind::kUnix
                                                           : settings::Endpoint::Kind::kTcp,
                                   token->redis->host, token->redis->port},
                       .timeout = token->redis->timeout};
  if (!token->redis->password_file.empty()) {
    auto password = ReadSecret(token->redis->password_file);
    if (!password) return base::Unexpected(password.error().ToString());
    server.password = *std::move(password);
  }
  stores_.push_back({&method, std::move(server)});
  return {};
}

void AuthFiles::Reload(auth::Method& method) {
  const auto loaded = method.Load(DiskFiles());
  metrics_.CountAuthReload(loaded.faults.empty());
  const size_t shown = std::min(loaded.faults.size(), settings::kMostFileFaults);
  for (size_t i = 0; i < shown; ++i) {
    log_.Write(base::LogLevel::kError, "auth_fault",
               {{"method", method.name()}, {"detail", loaded.faults[i].ToString()}});
  }
  if (loaded.is_used) {
    log_.Write(base::LogLevel::kInfo, "auth_reloaded",
               {{"method", method.name()}, {"faults", loaded.faults.size()}});
    LogIfEmpty(method);
  } else {
    log_.Write(base::LogLevel::kError, "auth_kept",
               {{"method", method.name()}, {"faults", loaded.faults.size()}});
  }
}

/// Logs an error if a method has no credentials. An operator may empty a file to revoke every
/// client, but it may be a mistake.
void AuthFiles::LogIfEmpty(const auth::Method& method) {
  if (!method.RefusesEverybody()) return;
  log_.Write(base::LogLevel::kError, "auth_empty",
             {{"method", method.name()},
              {"detail", method.paths().front() + " is empty: every client is refused"}});
}

std::unique_ptr<intake::Authenticator> AuthFiles::NewAuthenticator(net::EventLoop& loop,
                                                                   dns::Resolver& resolver) const {
  if (!methods_) return nullptr;
  auto authenticator = std::make_unique<intake::Authenticator>();
  authenticator->methods = methods_;
  for (const auto& [method, server] : stores_) {
    authenticator->stores[method] = std::make_unique<redis::Client>(loop, resolver, server);
  }
  return authenticator;
}

}  // namespace sluice::server
