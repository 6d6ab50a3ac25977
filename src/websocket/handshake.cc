#include "sluice/websocket/handshake.h"

#include <algorithm>
#include <array>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "sluice/base/bytes.h"
#include "sluice/base/text.h"
#include "sluice/websocket/extensions.h"

namespace sluice::websocket {
namespace {

// RFC 6455 section 1.3.
constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

constexpr size_t kKeySize = 24;  // 16 bytes in base64, the last two characters being padding.

constexpr bool IsBase64Character(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' ||
         c == '/';
}

base::Unexpected<UpgradeError> BadRequest(std::string detail) {
  return base::Unexpected(UpgradeError{base::Cause::kBadRequest, std::move(detail)});
}

bool AreOffersValid(std::string_view protocol) {
  auto offers = base::SplitList(protocol);
  if (!std::all_of(offers.begin(), offers.end(), base::IsToken)) return false;
  // Sorted, because a head can contain thousands of offers.
  std::sort(offers.begin(), offers.end());
  return std::adjacent_find(offers.begin(), offers.end()) == offers.end();
}

}  // namespace

base::Result<void, UpgradeError> CheckUpgrade(const UpgradeFields& fields) {
  if (!base::ListContains(fields.upgrade, "websocket")) {
    return BadRequest("the Upgrade header does not contain 'websocket'");
  }
  if (!base::ListContains(fields.connection, "upgrade")) {
    return BadRequest("the Connection header does not contain 'Upgrade'");
  }
  if (fields.version != "13") {
    return base::Unexpected(UpgradeError{base::Cause::kUnsupportedVersion,
                                         "Sec-WebSocket-Version must be 13 (RFC 6455)"});
  }
  if (fields.key_count != 1) {
    return BadRequest(fields.key_count == 0 ? "the Sec-WebSocket-Key header is missing"
                                            : "there is more than one Sec-WebSocket-Key header");
  }
  if (!IsValidKey(fields.key)) {
    return BadRequest("Sec-WebSocket-Key must be the base64 form of 16 bytes");
  }
  if (!AreOffersValid(fields.protocol)) {
    return BadRequest("Sec-WebSocket-Protocol must be a list of different tokens");
  }
  if (auto offers = ParseExtensions(fields.extensions); !offers) return BadRequest(offers.error());
  return {};
}

bool IsValidKey(std::string_view key) {
  if (key.size() != kKeySize || !key.ends_with("==")) return false;
  const auto digits = key.substr(0, kKeySize - 2);
  // Only two bits of the last digit belong to the 16 bytes. The other four must be zero, but some
  // clients set them, which is harmless.
  return std::all_of(digits.begin(), digits.end(), IsBase64Character);
}

std::string AcceptFor(std::string_view key) {
  const std::string text = std::string(key).append(kGuid);
  const base::Bytes bytes = base::AsBytes(text);
  std::array<uint8_t, SHA_DIGEST_LENGTH> digest{};
  // SHA1() looks up the algorithm each time, which takes longer than the digest.
  static const EVP_MD* const kSha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, kSha1, nullptr);
  std::array<uint8_t, 4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1> accept;  // EVP adds a final NUL.
  const int size = EVP_EncodeBlock(accept.data(), digest.data(), digest.size());
  return {accept.begin(), accept.begin() + size};
}

std::string ChooseSubprotocol(std::string_view offers, const std::vector<std::string>* spoken) {
  const auto offered = base::SplitList(offers);
  const auto is_offered = [&offered](std::string_view name) {
    return std::find(offered.begin(), offered.end(), name) != offered.end();
  };
  if (spoken != nullptr) {
    const auto match = std::find_if(spoken->begin(), spoken->end(), is_offered);
    return match != spoken->end() ? *match : std::string();
  }
  if (is_offered("binary")) return "binary";
  const auto first = std::find_if(offered.begin(), offered.end(),
                                  [](std::string_view name) { return name != "base64"; });
  return first != offered.end() ? std::string(*first) : std::string();
}

}  // namespace sluice::websocket
