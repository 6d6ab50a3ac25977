// Reads the values of keys from a Redis server, on the loop. It opens one connection when it is
// first needed, and again after the connection broke.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/dns/resolver.h"
#include "sluice/net/event_loop.h"
#include "sluice/settings/endpoint.h"

struct redisAsyncContext;

namespace sluice::redis {

struct Server {
  settings::Endpoint address;  ///< kTcp or kUnix
  std::string password = {};   ///< empty: no password is needed
  base::Duration timeout{1'000};
};

/// Belongs to the loop's thread.
class Client final : private net::TimerHandler {
 public:
  /// The value; unset if there is no such key. The error is why the value is not known.
  using Answer = base::Result<std::optional<std::string>, std::string>;
  using Callback = std::function<void(Answer)>;

  Client(net::EventLoop& loop, dns::Resolver& resolver, Server server);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Requests the value of `key`. `callback` is called exactly once, in a later turn of the loop
  /// and within the server's time-out; not at all if the client is destroyed first.
  void Get(std::string key, Callback callback);

 private:
  struct Query {
    std::string key;
    Callback callback;
    base::TimePoint deadline;
  };

  void Resolve();
  void OnResolved(dns::Resolver::Answer answer);
  void Connect();
  void Attach(redisAsyncContext* context);
  void Send(const Query& query);
  void OnConnected(bool is_connected);
  void OnReply(redisAsyncContext* context, void* reply);
  void AnswerFirst(Answer answer);
  void FailLater(std::string why);
  void Drop();
  void OnTimer() override;

  net::EventLoop& loop_;
  dns::Resolver& resolver_;
  const Server server_;
  std::unique_ptr<dns::Resolver::Query> resolving_;
  /// kRenew once an address has failed: the server may have moved.
  dns::Resolver::Cached cache_use_ = dns::Resolver::Cached::kUse;
  std::vector<net::Address> addresses_;
  size_t next_address_ = 0;
  redisAsyncContext* context_ = nullptr;  // Null while there is no connection.
  bool is_trying_next_ = false;           // This address failed, and there are others.
  std::deque<Query> queries_;             // The oldest first; all sent if there is a connection.
  // Posted functions may run after this client is destroyed, and check this first.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  net::Timer timer_;
};

}  // namespace sluice::redis
