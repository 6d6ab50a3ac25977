#include "sluice/server/admin_token.h"

#include "sluice/base/text.h"

#include "server/disk_files.h"

namespace sluice::server {
namespace {

constexpr size_t kLeastToken = 16;

}  // namespace

base::Result<AdminToken, settings::FileFault> AdminToken::Load(const std::string& path) {
  const auto secret = ReadSecret(path);
  if (!secret) return base::Unexpected(secret.error());
  // A client cannot send a token with blanks at its ends (RFC 9110 section 5.5).
  const auto token = base::TrimWhitespace(*secret);
  if (token.size() < kLeastToken) {
    return base::Unexpected(
        settings::FileFault{path, 1,
                            "the token has " + std::to_string(token.size()) +
                                " characters and could be guessed; expected 16 or more"});
  }
  return AdminToken(auth::DigestOf(token));
}

bool AdminToken::IsIn(std::string_view authorization) const {
  const auto space = authorization.find(' ');
  const bool is_bearer = space != std::string_view::npos &&
                         base::EqualsIgnoringCase(authorization.substr(0, space), "bearer");
  // The time of a comparison of digests shows nothing about the token.
  return is_bearer && auth::DigestOf(base::TrimWhitespace(authorization.substr(space))) == digest_;
}

}  // namespace sluice::server
