// c-ares does the protocol; this file lends it the loop's eyes and one timer. Its channel can only
// cancel all queries at once, so a query whose handle is gone runs on and its answer is dropped.
#include "sluice/net/resolver.h"

#include <map>
#include <mutex>
#include <string_view>
#include <utility>

#include <ares.h>
#include <event2/event.h>

#include "sluice/base/text.h"

namespace sluice::net {
namespace {

/// A lookup between the caller and c-ares: each lets go of it when it is done with it.
struct Lookup {
  Resolver::Callback callback;  // Empty once cancelled or answered.
  uint16_t port = 0;
};

class LookupHandle final : public Resolver::Query, private EventLoop::Task {
 public:
  explicit LookupHandle(std::shared_ptr<Lookup> lookup) : lookup_(std::move(lookup)) {}
  ~LookupHandle() override { lookup_->callback = nullptr; }

  /// The answer was known at once. It is told in the next turn, as promised.
  void AnswerLater(EventLoop& loop, Resolver::Answer answer) {
    answer_.emplace(std::move(answer));
    loop.RunNextTurn(*this);
  }

 private:
  void RunTask() override {
    // The callback may destroy this handle.
    const auto callback = std::exchange(lookup_->callback, nullptr);
    callback(*std::move(answer_));
  }

  std::shared_ptr<Lookup> lookup_;
  std::optional<Resolver::Answer> answer_;
};

class AresResolver final : public Resolver, private TimerHandler {
 public:
  explicit AresResolver(EventLoop& loop) : loop_(loop), timer_(loop, *this) {}
  ~AresResolver() override {
    if (channel_ != nullptr) ares_destroy(channel_);
  }

  base::Result<void, std::string> Init(const config::Dns& dns);
  std::unique_ptr<Query> Resolve(const std::string& host, uint16_t port,
                                 Callback callback) override;

 private:
  static void OnSocketState(void* self, ares_socket_t fd, int readable, int writable);
  static void OnAnswer(void* arg, int status, int timeouts, ares_addrinfo* result);
  void OnTimer() override;
  void Process(ares_socket_t readable, ares_socket_t writable);
  void RestartTimer();

  EventLoop& loop_;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, EventPtr> events_;
  Timer timer_;
};

/// Where c-ares puts the outcome; on the stack of Resolve while that call lasts.
struct Request {
  std::shared_ptr<Lookup> lookup;
  std::optional<Resolver::Answer>* early = nullptr;
};

base::Result<void, std::string> AresResolver::Init(const config::Dns& dns) {
  ares_options options{};
  options.sock_state_cb = OnSocketState;
  options.sock_state_cb_data = this;
  options.timeout = static_cast<int>(dns.timeout.count());
  options.tries = dns.attempts;
  constexpr int kMask = ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
  if (const int status = ares_init_options(&channel_, &options, kMask); status != ARES_SUCCESS) {
    return base::Unexpected(std::string("cannot start the resolver: ") + ares_strerror(status));
  }
  std::string servers;
  for (const auto& server : dns.servers) servers.append(server.ToString()).append(",");
  if (servers.empty()) return {};
  servers.pop_back();
  if (const int status = ares_set_servers_ports_csv(channel_, servers.c_str());
      status != ARES_SUCCESS) {
    return base::Unexpected("cannot use the DNS servers " + servers + ": " + ares_strerror(status));
  }
  return {};
}

std::unique_ptr<Resolver::Query> AresResolver::Resolve(const std::string& host, uint16_t port,
                                                       Callback callback) {
  auto lookup = std::make_shared<Lookup>();
  lookup->callback = std::move(callback);
  lookup->port = port;
  auto handle = std::make_unique<LookupHandle>(lookup);
  if (const auto literal = Address::Parse(host, port)) {
    handle->AnswerLater(loop_, std::vector<Address>{*literal});
    return handle;
  }
  // Without asking anybody (RFC 6761 section 6.3): a container's /etc/hosts may be missing.
  if (base::EqualsIgnoringCase(host, "localhost")) {
    handle->AnswerLater(loop_, std::vector<Address>{*Address::Parse("::1", port),
                                                    *Address::Parse("127.0.0.1", port)});
    return handle;
  }

  std::optional<Answer> early;
  auto* const request = new Request{std::move(lookup), &early};
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, OnAnswer, request);
  // From /etc/hosts, or a failure to even ask: OnAnswer has run already and deleted the request.
  if (early) {
    handle->AnswerLater(loop_, *std::move(early));
  } else {
    request->early = nullptr;
    RestartTimer();
  }
  return handle;
}

void AresResolver::OnAnswer(void* arg, int status, int /*timeouts*/, ares_addrinfo* result) {
  const std::unique_ptr<Request> request(static_cast<Request*>(arg));
  Answer answer = base::Unexpected(std::string(ares_strerror(status)));
  if (status == ARES_SUCCESS) {
    std::vector<Address> addresses;
    for (const auto* node = result->nodes; node != nullptr; node = node->ai_next) {
      Address address = Address::From(node->ai_addr);
      address.set_port(request->lookup->port);
      addresses.push_back(address);
    }
    answer = std::move(addresses);
  }
  if (result != nullptr) ares_freeaddrinfo(result);
  if (request->early != nullptr) {
    *request->early = std::move(answer);
    return;
  }
  // Cancelled handles have taken their callback with them.
  if (const auto callback = std::exchange(request->lookup->callback, nullptr)) {
    callback(std::move(answer));
  }
}

void AresResolver::OnSocketState(void* self, ares_socket_t fd, int readable, int writable) {
  auto& resolver = *static_cast<AresResolver*>(self);
  resolver.events_.erase(fd);
  const int what = (readable != 0 ? EV_READ : 0) | (writable != 0 ? EV_WRITE : 0);
  if (what == 0) return;
  EventPtr event(event_new(
      resolver.loop_.base(), fd, static_cast<short>(what | EV_PERSIST),
      [](evutil_socket_t socket, short ready, void* arg) {
        static_cast<AresResolver*>(arg)->Process(
            (ready & EV_READ) != 0 ? socket : ARES_SOCKET_BAD,
            (ready & EV_WRITE) != 0 ? socket : ARES_SOCKET_BAD);
      },
      &resolver));
  event_add(event.get(), nullptr);
  resolver.events_.emplace(fd, std::move(event));
}

void AresResolver::OnTimer() {
  Process(ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

void AresResolver::Process(ares_socket_t readable, ares_socket_t writable) {
  ares_process_fd(channel_, readable, writable);
  RestartTimer();
}

void AresResolver::RestartTimer() {
  timeval next{};
  if (ares_timeout(channel_, nullptr, &next) == nullptr) {
    timer_.Stop();
    return;
  }
  // Rounded up, or the loop would spin through the last millisecond.
  timer_.Start(base::Duration(next.tv_sec * 1000 + next.tv_usec / 1000 + 1));
}

}  // namespace

base::Result<std::unique_ptr<Resolver>, std::string> Resolver::Create(EventLoop& loop,
                                                                      const config::Dns& dns) {
  // Counted by c-ares, but not thread-safe there.
  static std::once_flag library;
  std::call_once(library, [] { ares_library_init(ARES_LIB_INIT_ALL); });
  auto resolver = std::make_unique<AresResolver>(loop);
  if (auto started = resolver->Init(dns); !started) return base::Unexpected(started.error());
  return std::unique_ptr<Resolver>(std::move(resolver));
}

}  // namespace sluice::net
