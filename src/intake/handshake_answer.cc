#include "intake/handshake_answer.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/auth/credentials.h"
#include "sluice/websocket/extensions.h"
#include "sluice/websocket/half_close.h"
#include "sluice/websocket/handshake.h"

namespace sluice::intake {
namespace {

/// Returns the message type that a subprotocol of IRCv3 requires
/// (ircv3.net/specs/extensions/websocket); unset for other subprotocols.
std::optional<settings::MessageType> TypeBySubprotocol(std::string_view subprotocol) {
  if (subprotocol == "text.ircv3.net") return settings::MessageType::kText;
  if (subprotocol == "binary.ircv3.net") return settings::MessageType::kBinary;
  return std::nullopt;
}

std::string ChosenSubprotocol(const http::RequestHead& head, const settings::Route& route) {
  std::string offers = head.Joined("Sec-WebSocket-Protocol");
  if (auth::ReadsTokenFrom(route, settings::TokenSource::Kind::kSubprotocol)) {
    offers = auth::WithoutBearer(offers);
  }
  const auto& accepted = route.options.subprotocols;
  return websocket::ChooseSubprotocol(offers,
                                      accepted && offers != "bearer" ? &*accepted : nullptr);
}

}  // namespace

Agreement AnswerHandshake(websocket::ZlibPool& pool, const http::RequestHead& head,
                          const settings::Route& route) {
  Agreement agreement;
  agreement.subprotocol = ChosenSubprotocol(head, route);

  const std::string offered = head.Joined("Sec-WebSocket-Extensions");
  const auto offers = websocket::ParseExtensions(offered);  // Refers to the text.
  const settings::Compression& compression = route.options.compression;
  std::optional<websocket::DeflateAgreement> deflate;
  if (offers && compression.enabled) {
    const auto chosen = websocket::NegotiateDeflate(
        *offers, {.server_context_takeover = compression.server_context_takeover,
                  .client_context_takeover = compression.client_context_takeover,
                  .server_window_bits = compression.server_window_bits,
                  .client_window_bits = compression.client_window_bits});
    if (chosen) {
      deflate = chosen->agreement;
      agreement.extensions = chosen->header;
    }
  }
  agreement.has_half_close = offers && websocket::HasHalfClose(*offers);
  if (agreement.has_half_close) {
    agreement.extensions.append(agreement.extensions.empty() ? "" : ", ")
        .append(websocket::kHalfClose);
  }
  agreement.codec = leg::MessageCodec::New(pool, route.options, deflate,
                                           TypeBySubprotocol(agreement.subprotocol));
  return agreement;
}

}  // namespace sluice::intake
