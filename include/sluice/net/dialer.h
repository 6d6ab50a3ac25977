// Connects to one server: resolves its name, or its service's SRV records, then tries its addresses
// as RFC 8305 has it, and speaks TLS to it if it is told to.
//
//   addresses   1 ───────────────────────────────────► failed
//               2    └─ head start ─► ─────────► ready: the dial has succeeded, the others are over
//               3                     └─ head start ─►
//
// The families take turns, beginning with the preferred one (section 4). The next address is tried
// when the head start of the one before is over, or at once when an attempt fails (section 5),
// while those under way go on. The targets of SRV records are resolved one after the other, when
// the addresses of the one before have had their head starts; one of lesser priority only when
// those before have failed, or have had their share of the time (RFC 2782).
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
  /// Zero: none. Bounds the whole, the lookups and the handshake of TLS included.
  base::Duration timeout{0};
  /// For SetSocketBuffer.
  size_t socket_buffer = 0;
  /// Sent as soon as there is a connection, before all else.
  std::vector<uint8_t> preamble = {};
  /// Whether this address may be connected to; null: all. Asked of every address that the server's
  /// name resolves to, since whoever owns a name may have it mean anything. A Unix socket is asked
  /// about with an empty address. When none passes, the dial fails with kTargetNotAllowed.
  std::function<bool(const Address&)> may_dial = nullptr;
  /// Null: plain.
  std::shared_ptr<const TlsClientContext> tls = nullptr;
  /// Whose certificate it must be where `tls` does not name anybody; empty: the server's own
  /// (config::Endpoint::CertificateName).
  std::string tls_server_name = {};
  /// Where there is `tls`; outlives the stream.
  TlsBuffers* tls_buffers = nullptr;
  /// How long an address is tried before the next one is, too (RFC 8305 section 8); less where
  /// `timeout` would not leave each its turn otherwise.
  base::Duration head_start{250};
};

class ConnectionAttempt;

/// A dial under way. Destroying it cancels. Belongs to the loop's thread.
class Dial final : private TimerHandler, private EventLoop::Task {
 public:
  using Outcome = base::Result<std::unique_ptr<Stream>, DialFailure>;
  using Callback = std::function<void(Outcome)>;

  /// Starts at once; `callback` is called exactly once, never from inside the constructor, and may
  /// destroy the dial.
  Dial(EventLoop& loop, Resolver& resolver, const config::Endpoint& server, DialOptions options,
       Callback callback);
  ~Dial();

 private:
  enum class Due : uint8_t { kDeadline, kNextAddress };

  void Start();
  void OnServices(Resolver::Services services);
  void ResolveNextTarget();
  void Resolve(const std::string& host, uint16_t port);
  void OnResolved(std::string host, Resolver::Answer answer);
  void Add(std::vector<Address> addresses, std::string_view name);
  void GoOn();
  void StartNextAttempt();
  std::optional<DialFailure> StartAttempt(const Address& address);
  void OnAttemptOver(ConnectionAttempt& attempt, Outcome outcome);
  bool HasMore() const;
  bool IsNextTargetEqual() const;
  base::Duration HeadStart(base::Duration left) const;
  void RestartTimer();
  void OnTimer() override;
  void OnDeadline();
  void RunTask() override;
  void Note(DialFailure failure);
  void Fail();

  EventLoop& loop_;
  Resolver& resolver_;
  const config::Endpoint server_;
  const DialOptions options_;
  const base::TimePoint deadline_;
  const bool has_deadline_;
  Callback callback_;
  std::vector<Service> targets_;  // Where SRV records lead, in the order in which to try them.
  size_t next_target_ = 0;
  std::vector<Address> addresses_;  // Likewise, of the targets resolved so far.
  size_t next_address_ = 0;
  std::vector<std::unique_ptr<ConnectionAttempt>> attempts_;  // Under way, the oldest first.
  bool starting_ = true;                // In the constructor, where nothing may be told.
  std::optional<DialFailure> failure_;  // The worst cause and the last words so far.
  Due due_ = Due::kDeadline;
  Timer timer_;
  std::unique_ptr<Resolver::Query> query_;
};

}  // namespace sluice::net
