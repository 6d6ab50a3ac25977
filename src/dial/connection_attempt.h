// The attempt to connect to one address of a dial, including the preamble and the TLS handshake.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <sys/socket.h>

#include "sluice/base/cause.h"
#include "sluice/dial/dial.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/tcp_stream.h"
#include "sluice/tls/stream.h"

namespace sluice::dial {

/// Destroying it cancels the attempt. It has no time limit of its own.
class ConnectionAttempt final : private net::StreamHandler {
 public:
  using Callback = std::function<void(ConnectionAttempt&, Dial::Outcome)>;

  /// `where` is the address as text; empty: the text of Start's address. `options` outlives the
  /// attempt. `callback` is called at most once, never from inside Start, and may destroy the
  /// attempt.
  ConnectionAttempt(net::EventLoop& loop, const Options& options, std::string where,
                    std::string certificate_name, Callback callback);

  /// Starts to connect. To be called once. Returns a failure that is known at once.
  std::optional<Failure> Start(const sockaddr* address, socklen_t size);

  /// Returns the failure to report when the time is over.
  Failure TimedOut() const;

 private:
  void OnStreamReady() override;
  void OnConnected();
  void ContinueTls();
  void End(Dial::Outcome outcome);
  Failure FailureOf(int error) const;
  Failure FailureOf(base::Cause cause, std::string_view why) const;

  net::EventLoop& loop_;
  const Options& options_;
  const std::string where_;
  net::Address address_;
  const std::string certificate_name_;
  Callback callback_;
  std::unique_ptr<net::TcpStream> stream_;  // Connecting.
  std::unique_ptr<tls::Stream> tls_;        // Connected, in its handshake.
};

}  // namespace sluice::dial
