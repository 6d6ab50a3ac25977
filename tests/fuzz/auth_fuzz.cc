// Credentials of all kinds from anybody. The first byte says of what kind the rest is: a token to
// verify, a signed one with any claims, a JWK set, the fields of a request, or the lines of files.
// Nothing that was not signed is let in, and what is written is read back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include <openssl/hmac.h>

#include "sluice/auth/credentials.h"
#include "sluice/auth/jwt.h"
#include "sluice/auth/passwords.h"
#include "sluice/auth/tokens.h"
#include "sluice/base/base64.h"
#include "sluice/base/bytes.h"

#include "auth/json.h"

namespace {

using namespace sluice;
using auth::JwtAlgorithm;

constexpr char kSecret[] = "0123456789abcdef0123456789abcdef";
constexpr auth::WallTime kNow{std::chrono::seconds(1'000'000)};

void Require(bool condition) {
  if (!condition) std::abort();
}

settings::JwtAuth Rules() {
  settings::JwtAuth rules;
  rules.algorithms = {JwtAlgorithm::kHs256};
  rules.server = "host";
  return rules;
}

/// Nobody knows the secret, so nobody comes in.
void CheckToken(const std::string& token) {
  Require(!auth::VerifyJwt(token, {*auth::SecretKey(kSecret)}, Rules(), kNow));
}

void CheckClaims(std::string_view claims) {
  const std::string text = base::EncodeBase64Url(base::AsBytes(R"({"alg":"HS256"})")) + '.' +
                           base::EncodeBase64Url(base::AsBytes(claims));
  unsigned char mac[32];
  HMAC(EVP_sha256(), kSecret, 32, base::AsBytes(text).data(), text.size(), mac, nullptr);
  const auto identity = auth::VerifyJwt(text + '.' + base::EncodeBase64Url(mac),
                                        {*auth::SecretKey(kSecret)}, Rules(), kNow);
  if (!identity) return;
  Require(identity->expires && *identity->expires > kNow);
  Require(identity->server && identity->server->kind == settings::Endpoint::Kind::kTcp);
  Require(!identity->claims.contains("aud"));
}

void CheckKeys(std::string_view text) {
  const std::vector<JwtAlgorithm> algorithms = {JwtAlgorithm::kRs256, JwtAlgorithm::kEs256,
                                                JwtAlgorithm::kEdDsa};
  if (const auto keys = auth::ParseJwks(text, algorithms)) {
    for (const auto& key : *keys) {
      Require(!key.Fits(JwtAlgorithm::kHs256));
      for (const auto algorithm : algorithms) {
        if (key.Fits(algorithm)) Require(!key.Verifies(algorithm, "text", "signature"));
      }
    }
  }
}

void CheckRequest(std::string_view text) {
  using Kind = settings::TokenSource::Kind;
  http::RequestHead head;
  head.path = "/a/" + std::string(text);
  head.query = text;
  head.host = text;
  for (const char* const name : {"Authorization", "Cookie", "Sec-WebSocket-Protocol"}) {
    head.headers.push_back({name, std::string(text)});
  }
  const settings::Match match{"*.test", {true, "/a"}};
  for (const auto kind : {Kind::kAuthorization, Kind::kSubprotocol, Kind::kPath, Kind::kHost,
                          Kind::kQuery, Kind::kCookie}) {
    const auto token = auth::FindToken(head, match, {{kind, "t"}});
    if (token && token->value) Require(!token->value->empty());
  }
  auth::FindBasic(head);
  const auto decoded = base::DecodeBase64Url(text);
  if (decoded) Require(base::EncodeBase64Url(base::AsBytes(*decoded)) == text);
  const std::string others = auth::WithoutBearer(text);
  Require(others == "bearer" || auth::WithoutBearer(others) == others);
}

void CheckFiles(std::string_view text) {
  auth::ParseUsers(text);
  auth::ParseTokenValue(text);
  auth::FindSyntaxError(text);
  auth::TokenTable table;
  const auto faults = table.AddFile(text, "name");
  Require(faults.empty() || table.size() == 0);
  if (const auto* const server = table.Find(auth::DigestOf("name"))) {
    Require(server->kind != settings::Endpoint::Kind::kBuiltin);
    Require(settings::ParseServer(server->ToString()).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 5) {
    case 0:
      CheckToken(std::string(text));
      break;
    case 1:
      CheckClaims(text);
      break;
    case 2:
      CheckKeys(text);
      break;
    case 3:
      CheckRequest(text);
      break;
    default:
      CheckFiles(text);
  }
  return 0;
}
