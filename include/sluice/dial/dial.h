// Connects to one server: resolves its name, or the SRV records of its service, then tries its
// addresses as RFC 8305 describes, and does the TLS handshake if it is configured.
//
//   addresses   1 ───────────────────────────────────► failed
//               2    └─ head start ─► ─────────► ready: the dial has succeeded, the others end
//               3                     └─ head start ─►
//
// The families take turns, beginning with the preferred one (section 4). The dial takes one step
// after the other: it tries the next address, looks up the next target of the SRV records, or
// renews a cached answer of DNS. A step starts when the head start of the step before is over, or
// at once when an attempt fails (section 5); attempts under way continue. A target of lesser
// priority is dialled when those before it have failed or have used their share of the time (RFC
// 2782). A slow lookup delays the next target for a short time only.
//
// A server may have moved before its DNS records expire. So when all addresses of a cached answer
// have failed, the dial renews the answer and tries the new addresses.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/cause.h"
#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/dns/resolver.h"
#include "sluice/net/tcp_stream.h"
#include "sluice/settings/endpoint.h"
#include "sluice/tls/buffers.h"
#include "sluice/tls/client_context.h"

namespace sluice::dial {

struct Failure {
  /// kTargetNotAllowed, kBackendRefused, kBackendUnreachable, kBackendUnresolved,
  /// kBackendConnectTimeout, kBackendTls or kLocalResources. When several addresses failed, the
  /// most informative of their causes: local resources, then TLS, a refusal, a time-out.
  base::Cause cause;
  std::string detail;  ///< a text about the last failure, for the log
};

struct Options {
  /// The time limit of the dial, including the lookups and the TLS handshake. Zero: none.
  base::Duration timeout{0};
  /// The argument of SetSocketBuffer.
  size_t socket_buffer = 0;
  /// Sent as soon as there is a connection, before any other byte.
  std::vector<uint8_t> preamble = {};
  /// Returns true if this address may be dialled; null: all may. Called for every address that the
  /// server's name resolves to, because the owner of a name can point it anywhere. A Unix socket is
  /// passed as an empty address. If no address is allowed, the dial fails with kTargetNotAllowed.
  std::function<bool(const net::Address&)> may_dial = nullptr;
  /// Null: plain.
  std::shared_ptr<const tls::ClientContext> tls = nullptr;
  /// The name in the server's certificate if `tls` has none; empty: the server's own
  /// (settings::Endpoint::CertificateName).
  std::string tls_server_name = {};
  /// Needed with `tls`; outlives the stream.
  tls::Buffers* tls_buffers = nullptr;
  /// How long an address is tried before the next one is tried, too (RFC 8305 section 8); less if
  /// `timeout` would not leave time for each otherwise.
  base::Duration head_start{250};
};

class ConnectionAttempt;

/// A dial under way. Destroying it cancels the dial. Belongs to the loop's thread.
class Dial final : private net::TimerHandler, private net::EventLoop::Task {
 public:
  using Outcome = base::Result<std::unique_ptr<net::Stream>, Failure>;
  using Callback = std::function<void(Outcome)>;

  /// Starts at once; `callback` is called exactly once, never from inside the constructor, and may
  /// destroy the dial.
  Dial(net::EventLoop& loop, dns::Resolver& resolver, const settings::Endpoint& server,
       Options options, Callback callback);
  ~Dial();

 private:
  enum class Step : uint8_t { kNone, kAddress, kTarget, kRenewal };

  /// An address, with the priority of the SRV target that it belongs to.
  struct Candidate {
    net::Address address;
    uint16_t priority = 0;
  };
  struct Attempt {
    std::unique_ptr<ConnectionAttempt> connection;
    uint16_t priority = 0;
  };
  struct Lookup {
    std::string host;
    uint16_t priority = 0;
    std::unique_ptr<dns::Resolver::Query> query = nullptr;
  };
  using Lookups = std::list<Lookup>;

  void Start();
  void ResolveServer();
  void OnServices(dns::Resolver::Services services);
  void Resolve(const std::string& host, uint16_t port, uint16_t priority);
  void OnResolved(Lookups::iterator place, dns::Resolver::Answer answer);
  void Add(std::vector<net::Address> addresses, std::string_view name, uint16_t priority);
  dns::Resolver::Cached CacheUse() const;
  bool CountsLookupFailures() const;
  void RecordUnresolved(const std::string& host, const std::string& why);

  void Continue();
  Step NextStep() const;
  bool StartStep(Step step);
  std::optional<Failure> StartAttempt(const Candidate& candidate);
  void OnAttemptOver(ConnectionAttempt& attempt, Outcome outcome);
  bool IsUnderWay() const;
  bool HasTried(const net::Address& address) const;
  uint16_t PriorityOf(Step step) const;
  bool MustWait(Step step) const;

  base::Duration HeadStart(Step step, base::Duration left) const;
  void RestartTimer();
  void OnTimer() override;
  void OnDeadline();
  void RunTask() override;
  void Record(Failure failure);
  void Cancel();
  void Fail();

  net::EventLoop& loop_;
  dns::Resolver& resolver_;
  const settings::Endpoint server_;
  const Options options_;
  const base::TimePoint deadline_;
  const bool has_deadline_;
  Callback callback_;
  std::vector<dns::Service> targets_;  // Of the SRV records, in the order in which to try them.
  size_t next_target_ = 0;
  std::vector<Candidate> candidates_;  // In the order in which to try them.
  size_t next_candidate_ = 0;
  std::vector<Attempt> attempts_;  // Under way, the oldest first.
  Lookups lookups_;                // Under way.
  std::unique_ptr<dns::Resolver::Query> services_query_;
  bool is_renewable_ = false;       // An answer of DNS was cached or incomplete.
  bool has_renewed_ = false;        // Those answers have been renewed.
  bool starting_ = true;            // In the constructor, which must not call back.
  std::optional<Failure> failure_;  // The most informative cause and the last text so far.
  Step due_ = Step::kNone;          // The step that the timer is for; none: the deadline.
  net::Timer timer_;
};

}  // namespace sluice::dial
