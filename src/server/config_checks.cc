#include "sluice/server/config_checks.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sluice/auth/method.h"
#include "sluice/auth/tickets.h"
#include "sluice/net/account.h"
#include "sluice/server/admin_token.h"
#include "sluice/tls/context.h"
#include "sluice/tls/system_authorities.h"

#include "server/disk_files.h"
#include "server/expiry.h"
#include "server/secrecy.h"

namespace sluice::server {
namespace {

std::vector<settings::FileFault> CheckAuth(const settings::AuthMethod& config) {
  const auto* const token = std::get_if<settings::TokenAuth>(&config);
  if (token != nullptr && token->redis && !token->redis->password_file.empty()) {
    const auto password = ReadSecret(token->redis->password_file);
    if (!password) return {password.error()};
  }
  auth::Tickets tickets;
  return auth::MakeMethod(config, tickets)->Load(DiskFiles()).faults;
}

std::optional<settings::FileFault> CheckAdminToken(const std::string& path) {
  const auto token = AdminToken::Load(path);
  return token ? std::nullopt : std::optional(token.error());
}

std::optional<std::string> CheckUser(const settings::User& user) {
  const auto found = net::FindUser(user.name);
  if (!found) return found.error();
  if (user.group.empty()) return std::nullopt;
  const auto group = net::FindGroup(user.group);
  return group ? std::nullopt : std::optional(group.error());
}

std::optional<std::string> CheckSocketUser(const std::string& user) {
  const auto found = net::FindUserId(user);
  return found ? std::nullopt : std::optional(found.error());
}

std::optional<std::string> CheckSocketGroup(const std::string& group) {
  const auto found = net::FindGroupId(group);
  return found ? std::nullopt : std::optional(found.error());
}

}  // namespace

config::FileChecks AllFileChecks() {
  return {.certificate = tls::CheckCertificate,
          .authorities = tls::CheckAuthorities,
          .crls = tls::CheckCrls,
          .cipher = tls::IsCipher,
          .auth = CheckAuth,
          .admin_token = CheckAdminToken,
          .user = CheckUser,
          .socket_user = CheckSocketUser,
          .socket_group = CheckSocketGroup,
          .expiry = ExpiryWarning,
          .secrecy = SecrecyWarning,
          .has_system_authorities = tls::HasSystemAuthorities};
}

}  // namespace sluice::server
