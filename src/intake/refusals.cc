#include "intake/refusals.h"

#include <chrono>
#include <string>

#include "sluice/net/event_loop.h"

namespace sluice::intake {

http::Header RetryAfter(base::Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait);
  return {"Retry-After", std::to_string(seconds.count())};
}

std::optional<http::Refusal> CountForRate(Context& context, const Generation& generation,
                                          const Client& client) {
  const auto& rate = generation.config.limits.handshake_rate;
  if (!rate) return std::nullopt;
  const auto wait = context.rate_limiter.Count(*rate, client.address.ip(), net::EventLoop::Now());
  if (!wait) return std::nullopt;
  return http::Refusal{base::Cause::kHandshakeRate,
                       "too many connections from this address in a short time",
                       {RetryAfter(*wait)}};
}

http::Refusal PlainTextOnTls() {
  return {base::Cause::kBadRequest, "this port speaks TLS: use wss:// or https://"};
}

}  // namespace sluice::intake
