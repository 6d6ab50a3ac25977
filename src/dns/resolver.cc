// c-ares implements the protocol; this file watches its sockets and runs its timer. A channel of
// c-ares can only cancel all queries at once. So a query whose handle is gone continues, and its
// answer is cached for the next lookup.
//
// c-ares asks for A and AAAA together, sorts them by RFC 6724 and answers when it has both. A DNS
// server that does not answer for one family would delay the other one until its time-out. So a
// name without an answer after kResolutionDelay is also asked for each family alone, and the first
// family that has an answer is returned (RFC 8305 section 3).
#include "sluice/dns/resolver.h"

#include <algorithm>
#include <chrono>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <random>
#include <string_view>
#include <tuple>
#include <utility>

#include <ares.h>

#include "sluice/base/text.h"
#include "sluice/dns/address_order.h"

#include "dns/name_lookups.h"
#include "dns/service_records.h"
#include "dns/zoned_sockets.h"

namespace sluice::dns {
namespace {

constexpr int kClassIn = 1;
constexpr int kFirstWithZones = 0x011800;  // 1.24.0: `[fe80::1]:53%eth0`.
// The addresses of one family that are kept at most. Requests may name hosts, whose owners may give
// them any number of addresses.
constexpr size_t kMaxAddresses = 32;

using AddressLookups = NameLookups<std::vector<net::Address>>;
using ServiceLookups = NameLookups<std::vector<Service>>;

bool AreSame(const settings::Dns& a, const settings::Dns& b) {
  return std::tie(a.servers, a.timeout, a.attempts, a.cache) ==
         std::tie(b.servers, b.timeout, b.attempts, b.cache);
}

/// Reports each name when kResolutionDelay has passed since it was added.
class SlowNames final : private net::TimerHandler {
 public:
  using Callback = std::function<void(const std::string& name)>;

  SlowNames(net::EventLoop& loop, Callback callback)
      : callback_(std::move(callback)), timer_(loop, *this) {}

  void Add(std::string name) {
    names_.push_back({net::EventLoop::Now() + Resolver::kResolutionDelay, std::move(name)});
    if (names_.size() == 1) timer_.Start(Resolver::kResolutionDelay);
  }

 private:
  struct Name {
    base::TimePoint due;
    std::string name;
  };

  void OnTimer() override {
    while (!names_.empty() && names_.front().due <= net::EventLoop::Now()) {
      const std::string name = std::move(names_.front().name);
      names_.pop_front();
      callback_(name);
    }
    if (names_.empty()) return;
    timer_.Start(std::max(names_.front().due - net::EventLoop::Now(), base::Duration(1)));
  }

  const Callback callback_;
  std::deque<Name> names_;  // The oldest first.
  net::Timer timer_;
};

class AresResolver final : public Resolver, private net::FdHandler, private net::TimerHandler {
 public:
  AresResolver(net::EventLoop& loop, const settings::Dns& dns)
      : loop_(loop),
        settings_(dns),
        addresses_(loop, dns.cache),
        services_(loop, dns.cache),
        slow_names_(loop, [this](const std::string& name) { AskForEachFamily(name); }),
        timer_(loop, *this) {}
  ~AresResolver() override {
    if (channel_ != nullptr) ares_destroy(channel_);
  }

  base::Result<void, std::string> Init(const settings::Dns& dns);
  std::unique_ptr<Query> Resolve(const std::string& host, uint16_t port, Cached cached,
                                 Callback callback) override;
  std::unique_ptr<Query> ResolveService(const std::string& name, Cached cached,
                                        ServicesCallback callback) override;
  void MoveCacheFrom(Resolver& previous) override;

 private:
  /// What a query for one family is for.
  struct FamilyQuery {
    AresResolver& resolver;
    std::string name;
  };

  base::Result<void, std::string> SetServers(const std::vector<settings::Endpoint>& servers);
  void Ask(const std::string& name, int family, ares_addrinfo_callback on_answer, void* argument);
  void AskForEachFamily(const std::string& name);
  static void OnFamily(void* query, int status, int timeouts, ares_addrinfo* result);
  static void OnSocketState(void* self, ares_socket_t fd, int readable, int writable);
  static void OnAddresses(void* question, int status, int timeouts, ares_addrinfo* result);
  static void OnServices(void* question, int status, int timeouts, unsigned char* message,
                         int size);
  void OnFdReady(int fd, bool readable, bool writable) override;
  void OnTimer() override;
  void Process(ares_socket_t readable, ares_socket_t writable);
  void RestartTimer();

  net::EventLoop& loop_;
  const settings::Dns settings_;
  ares_channel channel_ = nullptr;
  std::map<ares_socket_t, std::unique_ptr<net::FdWatch>> watches_;
  AddressLookups addresses_;
  ServiceLookups services_;
  SlowNames slow_names_;
  std::minstd_rand random_{std::random_device()()};
  net::Timer timer_;
};

std::vector<net::Address> AddressesOf(const ares_addrinfo& result) {
  std::vector<net::Address> addresses;
  for (const auto* node = result.nodes; node != nullptr; node = node->ai_next) {
    addresses.push_back(net::Address::From(node->ai_addr));
  }
  LimitFamilies(addresses, kMaxAddresses);
  return addresses;
}

base::Result<void, std::string> AresResolver::Init(const settings::Dns& dns) {
  ares_options options{};
  options.sock_state_cb = OnSocketState;
  options.sock_state_cb_data = this;
  options.timeout = static_cast<int>(dns.timeout.count());
  options.tries = dns.attempts;
  constexpr int kMask = ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
  if (const int status = ares_init_options(&channel_, &options, kMask); status != ARES_SUCCESS) {
    return base::Unexpected(std::string("cannot start the resolver: ") + ares_strerror(status));
  }
  return dns.servers.empty() ? base::Result<void, std::string>() : SetServers(dns.servers);
}

base::Result<void, std::string> AresResolver::SetServers(
    const std::vector<settings::Endpoint>& servers) {
  int version = 0;
  ares_version(&version);
  const bool knows_zones = version >= kFirstWithZones;
  bool has_zone = false;
  std::string texts;
  for (const auto& server : servers) {
    const auto address = net::Address::Of(server);
    if (!address) {
      return base::Unexpected("cannot use the DNS server " + server.ToString() + ": " +
                              address.error());
    }
    texts.append(texts.empty() ? "" : ",").append(server.Authority());
    const uint32_t scope_id = (*address)->scope_id();
    if (scope_id == 0) continue;
    has_zone = true;
    if (knows_zones) texts.append("%").append(net::ZoneOf(scope_id));
  }
  if (has_zone && !knows_zones) UseZonedSockets(channel_, settings_.servers);
  const int status = ares_set_servers_ports_csv(channel_, texts.c_str());
  if (status != ARES_SUCCESS) {
    return base::Unexpected("cannot use the DNS servers " + texts + ": " + ares_strerror(status));
  }
  return {};
}

std::unique_ptr<Resolver::Query> AresResolver::Resolve(const std::string& host, uint16_t port,
                                                       Cached cached, Callback callback) {
  constexpr bool kIsRenewable = false;
  if (const auto literal = net::Address::Parse(host, port)) {
    return addresses_.Return({*literal}, kIsRenewable, std::move(callback));
  }
  // Without a query (RFC 6761 section 6.3): a container may have no /etc/hosts.
  if (base::EqualsIgnoringCase(host, "localhost")) {
    return addresses_.Return(
        {*net::Address::Parse("::1", port), *net::Address::Parse("127.0.0.1", port)}, kIsRenewable,
        std::move(callback));
  }
  // A cached answer is used many times, so its first address must not get all the load.
  const auto steps = random_();
  auto on_answer = [port, steps, callback = std::move(callback)](Answer answer) {
    if (answer) {
      for (net::Address& address : *answer) address.set_port(port);
      Rotate(*answer, steps);
    }
    callback(std::move(answer));
  };
  const std::string name = base::ToLower(host);
  auto query = addresses_.Find(name, cached, std::move(on_answer),
                               [this, &name](AddressLookups::Question* question) {
                                 slow_names_.Add(name);
                                 Ask(name, AF_UNSPEC, OnAddresses, question);
                               });
  RestartTimer();
  return query;
}

void AresResolver::Ask(const std::string& name, int family, ares_addrinfo_callback on_answer,
                       void* argument) {
  ares_addrinfo_hints hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  ares_getaddrinfo(channel_, name.c_str(), nullptr, &hints, on_answer, argument);
}

/// Asks for each family alone, because the question for both has no answer yet.
void AresResolver::AskForEachFamily(const std::string& name) {
  if (!addresses_.IsAsking(name)) return;
  for (const int family : {AF_INET, AF_INET6}) {
    Ask(name, family, OnFamily, new FamilyQuery{*this, name});
  }
  RestartTimer();
}

/// Answers with the addresses of one family. A failure is ignored: the question for both families
/// is still under way.
void AresResolver::OnFamily(void* query, int status, int /*timeouts*/, ares_addrinfo* result) {
  const std::unique_ptr<FamilyQuery> owner(static_cast<FamilyQuery*>(query));
  if (result == nullptr) return;
  const auto addresses =
      status == ARES_SUCCESS ? AddressesOf(*result) : std::vector<net::Address>();
  ares_freeaddrinfo(result);
  if (!addresses.empty()) owner->resolver.addresses_.AnswerInPart(owner->name, addresses);
}

std::unique_ptr<Resolver::Query> AresResolver::ResolveService(const std::string& name,
                                                              Cached cached,
                                                              ServicesCallback callback) {
  auto on_answer = [this, callback = std::move(callback)](Services services) {
    if (services) {
      OrderServices(*services, [this](uint32_t max) {
        return std::uniform_int_distribution<uint32_t>(0, max)(random_);
      });
    }
    callback(std::move(services));
  };
  auto query = services_.Find(base::ToLower(name), cached, std::move(on_answer),
                              [this, &name](ServiceLookups::Question* question) {
                                ares_search(channel_, name.c_str(), kClassIn,
                                            static_cast<int>(kTypeSrv), OnServices, question);
                              });
  RestartTimer();
  return query;
}

void AresResolver::MoveCacheFrom(Resolver& previous) {
  auto& other = static_cast<AresResolver&>(previous);
  if (!AreSame(settings_, other.settings_)) return;
  addresses_.MoveCacheFrom(other.addresses_);
  services_.MoveCacheFrom(other.services_);
}

void AresResolver::OnAddresses(void* question, int status, int /*timeouts*/,
                               ares_addrinfo* result) {
  Answer answer = base::Unexpected(std::string(ares_strerror(status)));
  // An answer from /etc/hosts has no lifetime.
  int lifetime = std::numeric_limits<int>::max();
  if (status == ARES_SUCCESS) {
    for (const auto* node = result->nodes; node != nullptr; node = node->ai_next) {
      lifetime = std::min(lifetime, node->ai_ttl);
    }
    for (const auto* alias = result->cnames; alias != nullptr; alias = alias->next) {
      lifetime = std::min(lifetime, alias->ttl);
    }
    answer = AddressesOf(*result);
    if (answer->empty()) lifetime = 0;
  }
  if (result != nullptr) ares_freeaddrinfo(result);
  AddressLookups::Answer(static_cast<AddressLookups::Question*>(question), std::move(answer),
                         std::chrono::seconds(lifetime));
}

void AresResolver::OnServices(void* question, int status, int /*timeouts*/, unsigned char* message,
                              int size) {
  Services services = base::Unexpected(std::string(ares_strerror(status)));
  std::chrono::seconds lifetime{0};
  if (status == ARES_SUCCESS) {
    auto records = ParseServiceRecords({message, static_cast<size_t>(size)});
    if (records) {
      services = std::move(records->services);
      lifetime = records->lifetime;
    } else {
      services = base::Unexpected(records.error());
    }
  }
  ServiceLookups::Answer(static_cast<ServiceLookups::Question*>(question), std::move(services),
                         lifetime);
}

void AresResolver::OnSocketState(void* self, ares_socket_t fd, int readable, int writable) {
  auto& resolver = *static_cast<AresResolver*>(self);
  resolver.watches_.erase(fd);
  if (readable == 0 && writable == 0) return;
  // Without a watch, the query ends at its time-out.
  net::FdHandler& handler = resolver;
  resolver.watches_.emplace(fd, std::make_unique<net::FdWatch>(resolver.loop_, fd, readable != 0,
                                                               writable != 0, handler));
}

void AresResolver::OnFdReady(int fd, bool readable, bool writable) {
  Process(readable ? fd : ARES_SOCKET_BAD, writable ? fd : ARES_SOCKET_BAD);
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

base::Result<std::unique_ptr<Resolver>, std::string> Resolver::Create(net::EventLoop& loop,
                                                                      const settings::Dns& dns) {
  // c-ares counts its initializations, but not in a thread-safe way.
  static std::once_flag library;
  std::call_once(library, [] { ares_library_init(ARES_LIB_INIT_ALL); });
  auto resolver = std::make_unique<AresResolver>(loop, dns);
  if (auto started = resolver->Init(dns); !started) return base::Unexpected(started.error());
  return std::unique_ptr<Resolver>(std::move(resolver));
}

}  // namespace sluice::dns
