// Connects to one server: resolves its name, then tries each of its addresses in turn.
#pragma once

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

namespace sluice::net {

struct DialFailure {
  /// kBackendRefused, kBackendUnreachable, kBackendUnresolved or kBackendConnectTimeout; of several
  /// addresses that failed each in its way, what says most: a refusal, then a time-out.
  base::Cause cause;
  std::string detail;  ///< the last failure, in words, for the log
};

/// A dial under way. Destroying it cancels. Belongs to the loop's thread.
class Dial final : private StreamHandler, private TimerHandler, private EventLoop::Task {
 public:
  using Outcome = base::Result<std::unique_ptr<TcpStream>, DialFailure>;
  using Callback = std::function<void(Outcome)>;

  /// Starts at once; `callback` is called exactly once, never from inside the constructor, and may
  /// destroy the dial. `timeout` (zero: none) bounds the whole; an address may use its share of
  /// what is left of it, so that a dead first address does not cost the others their chance.
  Dial(EventLoop& loop, Resolver& resolver, const config::Endpoint& server, base::Duration timeout,
       Callback callback);

 private:
  void OnResolved(Resolver::Answer answer);
  void Start();
  void TryNextAddress();
  void ConnectUnix();
  void Connect(int family, const sockaddr* address, socklen_t size);
  void OnStreamReady() override;
  void OnTimer() override;
  void RunTask() override;
  void AttemptFailed(int error);
  void Fail(base::Cause cause, std::string detail);

  EventLoop& loop_;
  Resolver& resolver_;
  const config::Endpoint server_;
  const base::TimePoint deadline_;
  const bool has_deadline_;
  Callback callback_;
  std::vector<Address> addresses_;
  size_t next_address_ = 0;
  base::Cause worst_ = base::Cause::kBackendUnreachable;
  bool starting_ = true;                // In the constructor, where nothing may be told.
  std::optional<DialFailure> failure_;  // What is to be told in the next turn.
  Timer timer_;
  std::unique_ptr<TcpStream> stream_;
  std::unique_ptr<Resolver::Query> query_;
};

}  // namespace sluice::net
