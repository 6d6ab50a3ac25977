// Connects to one server: resolves its name, then tries each of its addresses in turn, and speaks
// TLS to it if it is told to.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/cause.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/config/types.h"
#include "sluice/net/resolver.h"
#include "sluice/net/tcp_stream.h"
#include "sluice/net/tls_stream.h"

namespace sluice::net {

struct DialFailure {
  /// kTargetNotAllowed, kBackendRefused, kBackendUnreachable, kBackendUnresolved,
  /// kBackendConnectTimeout or kBackendTls; of several addresses that failed each in its way, what
  /// says most: TLS, then a refusal, then a time-out.
  base::Cause cause;
  std::string detail;  ///< the last failure, in words, for the log
};

struct DialOptions {
  /// Zero: none. Bounds the whole, the handshake of TLS included; an address may use its share of
  /// what is left of it, so that a dead first address does not cost the others their chance.
  base::Duration timeout{0};
  /// Sent as soon as there is a connection, before all else.
  std::vector<uint8_t> preamble = {};
  /// Whether this address may be connected to; null: all. Asked of every address that the server's
  /// name resolves to, since whoever owns a name may have it mean anything. A Unix socket is asked
  /// about with an empty address. When none passes, the dial fails with kTargetNotAllowed.
  std::function<bool(const Address&)> may_dial = nullptr;
  /// Null: plain.
  std::shared_ptr<const TlsClientContext> tls = nullptr;
  /// Whose certificate it must be where `tls` does not name anybody; empty: the server's host.
  std::string tls_server_name = {};
  /// Where there is `tls`; outlives the stream.
  TlsBuffers* tls_buffers = nullptr;
};

/// A dial under way. Destroying it cancels. Belongs to the loop's thread.
class Dial final : private StreamHandler, private TimerHandler, private EventLoop::Task {
 public:
  using Outcome = base::Result<std::unique_ptr<Stream>, DialFailure>;
  using Callback = std::function<void(Outcome)>;

  /// Starts at once; `callback` is called exactly once, never from inside the constructor, and may
  /// destroy the dial.
  Dial(EventLoop& loop, Resolver& resolver, const config::Endpoint& server, DialOptions options,
       Callback callback);

 private:
  void OnResolved(Resolver::Answer answer);
  void Start();
  void TryAddresses(std::vector<Address> addresses);
  void TryNextAddress();
  void ConnectUnix();
  void Connect(int family, const sockaddr* address, socklen_t size);
  void OnStreamReady() override;
  void OnTimer() override;
  void RunTask() override;
  void OnConnected();
  void ContinueTls();
  void Succeed(std::unique_ptr<Stream> stream);
  void AttemptFailed(int error);
  void AttemptFailed(base::Cause cause, std::string_view why);
  void Fail(base::Cause cause, std::string detail);

  EventLoop& loop_;
  Resolver& resolver_;
  const config::Endpoint server_;
  const DialOptions options_;
  const base::TimePoint deadline_;
  const bool has_deadline_;
  Callback callback_;
  std::vector<Address> addresses_;
  size_t next_address_ = 0;
  base::Cause worst_ = base::Cause::kBackendUnreachable;
  bool starting_ = true;                // In the constructor, where nothing may be told.
  std::optional<DialFailure> failure_;  // What is to be told in the next turn.
  Timer timer_;
  std::unique_ptr<TcpStream> stream_;  // Connecting.
  std::unique_ptr<TlsStream> tls_;     // Connected, in its handshake.
  std::unique_ptr<Resolver::Query> query_;
};

}  // namespace sluice::net
