// Asks a Redis server for the values of keys, on the loop, over one connection that is made when it
// is first needed and again after it broke.
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
  std::string password = {};   ///< empty: none is needed
  base::Duration timeout{1'000};
};

/// Belongs to the loop's thread.
class Client final : private net::TimerHandler {
 public:
  /// The value, nothing if there is no such key, or what kept us from knowing.
  using Answer = base::Result<std::optional<std::string>, std::string>;
  using Callback = std::function<void(Answer)>;

  Client(net::EventLoop& loop, dns::Resolver& resolver, Server server);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// GET `key`. `callback` is called exactly once, in a later turn of the loop, and within the
  /// server's time-out; not at all if the client is destroyed first.
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
  void Answered(Answer answer);
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
  std::deque<Query> queries_;             // In order; all sent, once there is a connection.
  // For what is posted: it may be run after the end of the client.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  net::Timer timer_;
};

}  // namespace sluice::redis
