// An accepted connection from its accept until it has become a session, been refused, or been
// served a page.
//
//   kReadingHead ──► kAuthenticating ──► kDialing ──► a Session takes the connection
//        │                  │               │
//        └──────────────────┴───────────────┴───────► kReplying ──► closed
//
// One deadline (timeouts.handshake) is over the whole of the head, however it trickles, and over
// the question who the client is. The backend
// is dialled before the 101 is sent; bytes that the client sent behind its head wait for the
// session.
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
#include "sluice/relay/worker_context.h"

namespace sluice::relay {

/// Belongs to the table of its worker and to that worker's thread; takes itself out when it is
/// done.
class ClientRequest final : public TableEntry,
                            private net::StreamHandler,
                            private net::TimerHandler {
 public:
  /// `listener` is an index into Config::listeners.
  ClientRequest(WorkerContext& context, std::unique_ptr<net::Stream> client,
                const net::Address& address, size_t listener);
  ~ClientRequest();

  /// The worker is draining: a head that is still incomplete is answered with 503 now, and a
  /// connection on which nothing has come, such as browsers open in advance, is closed; a dial
  /// under way may still become a session, which then is told.
  void Drain();

  /// Ends the connection at once.
  void Cut();

 private:
  enum class State : uint8_t { kReadingHead, kAuthenticating, kDialing, kReplying, kDone };

  void OnStreamReady() override;
  void OnTimer() override;

  void ReadHead();
  void TakeHead();
  std::optional<http::Refusal> CheckWebSocket();
  void ServePage();

  // TLS (client_request_tls.cc).
  bool IsTlsUnderWay() const;
  void NoteTls();
  void OnPlain();
  net::DialOptions OptionsToDial(base::Duration timeout) const;
  void OnTlsEnd(metrics::TlsResult result, std::string_view detail);

  // Who the client is (client_request_auth.cc).
  void Authenticate();
  void OnVerdict(const auth::Verdict& verdict);
  void RefuseUnknown(const auth::Verdict& verdict);
  void OnAuthTimeout();
  std::optional<auth::ClientCertificate> ClientCertificate() const;

  void StartDial();
  void DialNext();
  void OnDialled(size_t server, net::Dial::Outcome outcome);
  void OnAllDialsFailed(const net::DialFailure& failure);
  void BecomeSession(std::unique_ptr<net::Stream> backend, std::optional<base::Cause> cause);

  /// `detail` is for the log alone; without one it gets what the client gets.
  void Refuse(const http::Refusal& refusal, std::string_view detail = {});
  void Reply(std::string response);
  void ContinueReply();
  void Finish();

  metrics::ListenerMetrics& listener_metrics();
  const config::Route& route() const { return context_.config.routes[*route_]; }

  WorkerContext& context_;
  const net::Address address_;
  const size_t listener_;
  const base::TimePoint accepted_;
  State state_ = State::kReadingHead;
  std::unique_ptr<net::Stream> client_;
  net::Timer timer_;

  bool tls_noted_ = false;   // The end of its handshake.
  bool head_begun_ = false;  // A byte of it has come.
  http::RequestParser parser_;
  std::optional<size_t> route_;
  std::vector<uint8_t> early_;  // What came behind the head.

  std::unique_ptr<Authentication> authentication_;
  std::shared_ptr<const auth::Identity> identity_;  // Null where nobody is asked.

  std::vector<routing::Candidate> candidates_;
  size_t next_candidate_ = 0;
  base::TimePoint dial_deadline_;
  std::chrono::steady_clock::time_point dial_started_;
  std::unique_ptr<net::Dial> dial_;

  net::ByteQueue reply_;
  bool reply_sent_ = false;
  bool client_ended_ = false;  // Its end has been read.
};

}  // namespace sluice::relay
