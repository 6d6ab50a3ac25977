#include "sluice/server/admin_token.h"

#include "sluice/base/text.h"

#include "server/auth_files.h"

namespace sluice::server {
namespace {

constexpr size_t kLeastToken = 16;

}  // namespace

base::Result<AdminToken, std::string> AdminToken::Load(const std::string& path) {
  const auto token = ReadSecret(path);
  if (!token) return base::Unexpected("admin: token_file: " + token.error());
  if (token->size() < kLeastToken) {
    return base::Unexpected(std::string(
        "admin: token_file: the token has less than 16 characters, and could be guessed"));
  }
  return AdminToken(auth::DigestOf(*token));
}

bool AdminToken::IsIn(std::string_view authorization) const {
  const auto space = authorization.find(' ');
  const bool is_bearer = space != std::string_view::npos &&
                         base::EqualsIgnoringCase(authorization.substr(0, space), "bearer");
  // Digests differ early or late, whatever the token.
  return is_bearer && auth::DigestOf(base::TrimWhitespace(authorization.substr(space))) == digest_;
}

}  // namespace sluice::server
