#include "sluice/websocket/client_handshake.h"

#include <openssl/evp.h>

#include "sluice/base/text.h"
#include "sluice/websocket/extensions.h"
#include "sluice/websocket/half_close.h"
#include "sluice/websocket/handshake.h"

namespace sluice::websocket {
namespace {

constexpr int kSwitchingProtocols = 101;

/// The characters of a server's text that a log line contains at most.
constexpr size_t kShown = 100;

base::Unexpected<std::string> Fail(std::string why) {
  return base::Unexpected(std::move(why));
}

/// Returns `text` without bytes that would break a line of text.
std::string Shown(std::string_view text) {
  std::string shown(text.substr(0, kShown));
  for (char& c : shown) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  return shown;
}

base::Unexpected<std::string> OtherStatus(const UpgradeAnswer& answer) {
  std::string why = "the server answered the upgrade with status " + std::to_string(answer.status);
  const bool is_redirect = answer.status >= 300 && answer.status < 400;
  if (is_redirect) why += " (redirects are not followed)";
  if (is_redirect && !answer.location.empty()) why += " to " + Shown(answer.location);
  return Fail(std::move(why));
}

}  // namespace

std::string KeyOf(const std::array<uint8_t, 16>& random) {
  std::array<uint8_t, 25> key;  // 24 characters, and EVP adds a final NUL.
  const int size = EVP_EncodeBlock(key.data(), random.data(), static_cast<int>(random.size()));
  return {key.begin(), key.begin() + size};
}

base::Result<UpgradeAgreement, std::string> CheckAnswer(const UpgradeAnswer& answer,
                                                        std::string_view key,
                                                        std::string_view subprotocol) {
  if (answer.status != kSwitchingProtocols) return OtherStatus(answer);
  if (!base::EqualsIgnoringCase(answer.upgrade, "websocket")) {
    return Fail("the Upgrade header of the answer is not 'websocket'");
  }
  if (!base::ListContains(answer.connection, "upgrade")) {
    return Fail("the Connection header of the answer does not contain 'Upgrade'");
  }
  if (answer.accept != AcceptFor(key)) {
    return Fail("the Sec-WebSocket-Accept header of the answer is missing or wrong");
  }
  const auto extensions = ParseExtensions(answer.extensions);
  const bool has_half_close = extensions && HasHalfClose(*extensions);
  if (!extensions || extensions->size() != (has_half_close ? 1 : 0)) {
    return Fail("the server chose an extension that was not offered: " + Shown(answer.extensions));
  }
  // A server may ignore the offer (section 4.2.2, /subprotocol/), but not choose another one.
  if (!answer.protocol.empty() && answer.protocol != subprotocol) {
    return Fail("the server chose a subprotocol that was not offered: " + Shown(answer.protocol));
  }
  return UpgradeAgreement{has_half_close};
}

}  // namespace sluice::websocket
