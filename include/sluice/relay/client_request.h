// An accepted connection from its accept until it has become a session, been refused, or been
// served a page.
//
//   kReadingProxy ──► kReadingHead ──► kAuthenticating ──► kDialing ──► a Session takes the
//        │                 │                  │               │         connection
//        └─────────────────┴──────────────────┴───────────────┴───────► kReplying ──► closed
//
// A load balancer's PROXY header comes before everything else, TLS included, if the listener takes
// one. One deadline (timeouts.handshake) is over all of that, however it trickles, and over the
// question who the client is. The backend
// is dialled before the 101 is sent; bytes that the client sent behind its head wait for the
// session.
//
// A client of a listener with `protocol: tcp` sends no head: it is past kReadingHead as soon as its
// TLS handshake is over, if there is one. It cannot be told why it is refused.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/cause.h"
#include "sluice/http/request_parser.h"
#include "sluice/net/address.h"
#include "sluice/net/byte_queue.h"
#include "sluice/net/dialer.h"
#include "sluice/net/event_loop.h"
#include "sluice/proxy/header_parser.h"
#include "sluice/relay/admission.h"
#include "sluice/relay/place_wait.h"
#include "sluice/relay/worker_context.h"
#include "sluice/routing/pools.h"

namespace sluice::relay {

class BackendDial;
class LogLine;
struct MessageRelay;

/// What the log alone says of a refusal.
struct RefusalNote {
  std::string_view detail = {};  ///< empty: the log has what the client is told
  std::string_view user = {};    ///< that refused credentials name
};

/// Belongs to the table of its worker and to that worker's thread; takes itself out when it is
/// done.
class ClientRequest final : public TableEntry,
                            private net::StreamHandler,
                            private net::TimerHandler {
 public:
  /// `listener` is an index into Config::listeners. With `tls`, clients speak it over `client`.
  ClientRequest(WorkerContext& context, std::unique_ptr<net::Stream> client,
                const net::Address& address, size_t listener,
                std::shared_ptr<const net::TlsContext> tls = nullptr);
  ~ClientRequest();

  /// To be called when it is in its table.
  void Start();

  /// The worker is draining: a head that is still incomplete is answered with 503 now, and a
  /// connection on which nothing has come, such as browsers open in advance, is closed; what waits
  /// for a server is told; a dial under way may still become a session, which then is told.
  void Drain();

  /// Ends the connection at once.
  void Cut();

 private:
  enum class State : uint8_t {
    kReadingProxy,
    kReadingHead,
    kAuthenticating,
    kDialing,
    kReplying,
    kDone
  };

  void OnStreamReady() override;
  void OnTimer() override;

  void ReadHead();
  void TakeHeadBytes(base::Bytes bytes);
  void TakeHead();
  std::optional<http::Refusal> CheckWebSocket();
  bool RefuseHost();
  void ServePage();

  // Which route it takes (client_request_route.cc).
  routing::RequestFacts Facts();
  void ChooseRoute();
  bool ChooseByClaims(const routing::RequestFacts& facts);
  auth::Verdict AskJwt();
  void TakeConnection();

  // Who the client is (client_request_proxy.cc).
  void StartProxyHeader();
  void ReadProxyHeader();
  void TakeProxyHeader(base::Bytes bytes);
  void EndProxyHeader(metrics::ProxyHeader result);
  std::optional<http::Refusal> TakeForwarded();
  void RefuseUnheard(const http::Refusal& refusal, base::Bytes received = {});
  std::vector<uint8_t> ProxyPreamble();
  proxy::Party DestinationFor(const base::IpAddress& source) const;

  // Whether there is room (client_request_admission.cc).
  bool MaySpeakForOthers() const;
  bool IsTooFast();
  bool TakeSlot();

  // TLS (client_request_tls.cc).
  void StartTls(base::Bytes received);
  void ContinueTls();
  bool IsTlsUnderWay() const;
  void NoteTls();
  void OnPlain();
  bool IsPlainOnTls() const;
  void RefusePlain();
  void OnTlsEnd(metrics::TlsResult result, std::string_view detail);

  // Who the client is (client_request_auth.cc).
  void Authenticate();
  auth::Request AuthRequest();
  bool RefuseIfThrottled();
  void CountVerdict(const auth::Verdict& verdict);
  void OnVerdict(const auth::Verdict& verdict);
  void RefuseUnknown(const auth::Verdict& verdict);
  void OnAuthTimeout();
  std::optional<auth::ClientCertificate> ClientCertificate() const;

  // Which server it goes to (client_request_server.cc).
  void StartDial();
  std::optional<http::Refusal> MakeServer();
  std::optional<std::string> Claim(std::string_view name) const;
  void StartRound();
  void DialNext();
  void WaitForPlace();
  void LookForPlace();
  void DialServer(routing::ServerSlot slot, size_t others);
  void EndRound(base::Cause cause);
  void OnDialTimer();
  void OnServerFailed(const net::DialFailure& failure);
  void StopWaiting();

  // The way there (client_request_dial.cc).
  net::DialOptions OptionsToDial(const config::Endpoint& server, base::Duration timeout);
  void Dial(base::Duration timeout);
  void OnDialled(net::Dial::Outcome outcome);
  void ReadWhileDialing();
  void OnClientLeft();
  void TellFailure(base::Cause cause);
  void BecomeSession(std::unique_ptr<net::Stream> backend, std::optional<base::Cause> cause);
  void StartSession(std::string_view head, std::unique_ptr<MessageRelay> messages,
                    std::unique_ptr<net::Stream> backend, std::optional<base::Cause> cause,
                    bool has_half_close);

  void Refuse(const http::Refusal& refusal, const RefusalNote& note = {});
  void Reply(std::string response);
  void ContinueReply();
  void Finish();

  // What the log says (client_request_log.cc).
  bool MayHoldToken(config::TokenSource::Kind kind) const;
  void Describe(LogLine& line);
  std::string RequestedTarget();
  std::string LogDetail(const http::Refusal& refusal, const RefusalNote& note);
  void CountRefusal(const http::Refusal& refusal, const RefusalNote& note = {});
  void LogOpened();

  // What is read at once of a head. Early frames behind it are kept, so this also bounds them.
  static constexpr size_t kReadSize = 16 * 1024;

  /// Whether the client speaks plain TCP: there will be no head.
  bool is_raw() const { return listener().protocol == config::ListenerProtocol::kTcp; }
  const config::Listener& listener() const { return generation_->config.listeners[listener_]; }
  metrics::ListenerMetrics& listener_metrics();
  const config::Route& route() const { return generation_->config.routes[*route_]; }
  const config::Backend& backend() const { return generation_->config.backends[*route().backend]; }

  WorkerContext& context_;
  const std::shared_ptr<Generation> generation_;
  net::Address address_;  // The client's, as far as it is known by now.
  const size_t listener_;
  const base::SessionId id_;  // Of the connection, in the log.
  const base::TimePoint accepted_;
  State state_ = State::kReadingHead;
  std::unique_ptr<net::Stream> client_;
  std::shared_ptr<const net::TlsContext> tls_;  // Null for plain, or once it has started.
  net::Timer timer_;

  std::unique_ptr<proxy::HeaderParser> proxy_;  // While its header is read.
  std::optional<proxy::Party> destination_;     // Where the client connected to, if it says so.

  bool is_rate_counted_ = false;
  bool uses_tls_ = false;  // The client does, as its connection or a trusted proxy shows.
  Admission::Slot slot_;   // Of the session that it is to become.

  net::TlsStream* handshake_ = nullptr;  // Of a client of plain TCP, while it is under way.
  bool tls_noted_ = false;               // The end of its handshake.
  bool head_begun_ = false;              // A byte of it has come.
  http::RequestParser parser_;
  std::optional<size_t> route_;
  std::vector<uint8_t> early_;  // What came behind the head.

  std::unique_ptr<auth::CredentialCount> credentials_;  // From the first check of any on.
  std::unique_ptr<Authentication> authentication_;
  std::shared_ptr<const auth::Identity> identity_;  // Null where nobody is asked.

  std::shared_ptr<const config::Endpoint> own_server_;  // What it names itself, if it does.
  std::shared_ptr<const config::Endpoint> server_;      // The last that was dialled; null: none.
  routing::ServerSlot server_slot_;                     // Of the dial, then of the session.
  routing::Ask ask_;
  std::unique_ptr<PlaceWait> place_wait_;  // While it waits for a place.
  base::TimePoint wait_deadline_;
  base::TimePoint dial_deadline_;  // Of this round over the servers.
  base::TimePoint retry_until_;
  base::TimePoint resources_until_;  // Until then a dial may wait for local resources.
  base::Duration retry_pause_{0};
  base::Cause last_failure_ = base::Cause::kBackendDown;  // What to tell if no server is left.
  std::chrono::steady_clock::time_point dial_started_;
  std::unique_ptr<BackendDial> dial_;

  net::ByteQueue reply_;
  bool reply_sent_ = false;
  bool client_ended_ = false;  // Its end has been read.
};

}  // namespace sluice::relay
