// Whether there is room for a request: the rate of its client's connections, and the numbers of
// sessions.
#include <chrono>
#include <string>
#include <utility>

#include "sluice/relay/client_request.h"

namespace sluice::relay {

/// Whether the one at the other end may still turn out to speak for somebody else, whose connection
/// it then is.
bool ClientRequest::MaySpeakForOthers() const {
  const auto& proxies = generation_->config.trusted_proxies;
  return proxies && proxies->from.Contain(address_.ip());
}

/// Counts the connection, once, as its client's, and refuses it if there are too many of them.
bool ClientRequest::IsTooFast() {
  if (std::exchange(is_rate_counted_, true)) return false;
  const auto& rate = generation_->config.limits.handshake_rate;
  const auto wait =
      rate ? context_.admission.TakeHandshake(*rate, address_.ip(), net::EventLoop::Now())
           : std::nullopt;
  if (!wait) return false;
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(*wait).count();
  RefuseUnheard({base::Cause::kHandshakeRate,
                 "too many connections from this address in a short time",
                 {{"Retry-After", std::to_string(seconds)}}});
  return true;
}

/// Takes a place for the session that is to be.
bool ClientRequest::TakeSlot() {
  auto slot = context_.admission.TakeSlot(
      *generation_->admission[*route_], generation_->config.limits, route().options.session_limits,
      address_.ip(), identity_ ? std::string_view(identity_->account()) : "");
  if (!slot) {
    Refuse({slot.error(), std::string(base::InfoOf(slot.error()).description)});
    return false;
  }
  slot_ = *std::move(slot);
  return true;
}

}  // namespace sluice::relay
