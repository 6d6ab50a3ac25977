#include "sluice/redis/client.h"

#include <algorithm>
#include <array>
#include <utility>

#include <hiredis/adapters/libevent.h>
#include <hiredis/alloc.h>
#include <hiredis/async.h>
#include <hiredis/hiredis.h>

namespace sluice::redis {

Client::Client(net::EventLoop& loop, dns::Resolver& resolver, Server server)
    : loop_(loop), resolver_(resolver), server_(std::move(server)), timer_(loop, *this) {}

Client::~Client() {
  queries_.clear();
  Drop();
}

void Client::Get(std::string key, Callback callback) {
  const auto deadline = net::EventLoop::Now() + server_.timeout;
  if (queries_.empty()) timer_.Start(server_.timeout);
  queries_.push_back({std::move(key), std::move(callback), deadline});
  if (context_ != nullptr && !is_trying_next_) {
    Send(queries_.back());
  } else if (queries_.size() == 1) {
    Resolve();
  }
}

// ---- The connection ----

void Client::Resolve() {
  next_address_ = 0;
  addresses_.clear();
  if (server_.address.kind == settings::Endpoint::Kind::kUnix) {
    Attach(redisAsyncConnectUnix(server_.address.host.c_str()));
    return;
  }
  const auto literal = net::Address::Of(server_.address);
  if (!literal) {
    FailLater(literal.error());
    return;
  }
  if (*literal) {
    addresses_ = {**literal};
    Connect();
    return;
  }
  // hiredis would resolve the name itself and block the loop.
  resolving_ =
      resolver_.Resolve(server_.address.host, server_.address.port, cache_use_,
                        [this](dns::Resolver::Answer answer) { OnResolved(std::move(answer)); });
}

void Client::OnResolved(dns::Resolver::Answer answer) {
  loop_.DestroyLater(std::move(resolving_));
  if (!answer) {
    FailLater(answer.error());
    return;
  }
  addresses_ = *std::move(answer);
  Connect();
}

void Client::Connect() {
  is_trying_next_ = false;
  net::Address address = addresses_[next_address_++];
  const uint16_t port = address.port();
  address.set_port(0);  // The text then contains only the host.
  Attach(redisAsyncConnect(address.ToString().c_str(), port));
}

void Client::Attach(redisAsyncContext* context) {
  if (context == nullptr || context->err != 0) {
    FailLater(context == nullptr ? "out of memory" : context->errstr);
    if (context != nullptr) redisAsyncFree(context);
    return;
  }
  context_ = context;
  context->data = this;
  redisLibeventAttach(context, loop_.base());
  redisAsyncSetConnectCallback(context, [](const redisAsyncContext* connected, int status) {
    if (connected->data != nullptr) {
      static_cast<Client*>(connected->data)->OnConnected(status == REDIS_OK);
    }
  });
  redisAsyncSetDisconnectCallback(context, [](const redisAsyncContext* ended, int /*status*/) {
    auto* const self = static_cast<Client*>(ended->data);
    if (self != nullptr && self->context_ == ended) self->context_ = nullptr;
  });
  if (!server_.password.empty()) {
    // If this fails, the server's answers to the following queries report it.
    redisAsyncCommand(context, nullptr, nullptr, "AUTH %b", server_.password.data(),
                      server_.password.size());
  }
  for (const auto& query : queries_) Send(query);
}

void Client::OnConnected(bool is_connected) {
  cache_use_ = is_connected ? dns::Resolver::Cached::kUse : dns::Resolver::Cached::kRenew;
  if (is_connected) return;
  context_ = nullptr;  // hiredis destroys it after this callback.
  is_trying_next_ = next_address_ < addresses_.size();
  if (!is_trying_next_) return;
  loop_.Post([this, alive = std::weak_ptr(alive_)] {
    if (!alive.expired() && is_trying_next_) Connect();
  });
}

void Client::Drop() {
  if (context_ == nullptr) return;
  redisAsyncContext* const context = std::exchange(context_, nullptr);
  redisAsyncFree(context);
}

// ---- Queries ----

void Client::Send(const Query& query) {
  std::array<const char*, 2> words = {"GET", query.key.data()};
  std::array<size_t, 2> sizes = {3, query.key.size()};
  redisAsyncCommandArgv(
      context_,
      [](redisAsyncContext* context, void* reply, void* /*unused*/) {
        auto* const self = static_cast<Client*>(context->data);
        if (self != nullptr) self->OnReply(context, reply);
      },
      nullptr, static_cast<int>(words.size()), words.data(), sizes.data());
}

void Client::OnReply(redisAsyncContext* context, void* data) {
  if (queries_.empty()) return;  // This client is being destroyed.
  if (data == nullptr) {
    if (context_ == context) context_ = nullptr;
    if (is_trying_next_) return;  // The query is sent again.
    const char* const why = context->err != 0 ? context->errstr : "no answer in time";
    AnswerFirst(base::Unexpected(std::string(why)));
    return;
  }
  const auto& reply = *static_cast<const redisReply*>(data);
  const std::string text(reply.str == nullptr ? "" : reply.str,
                         reply.str == nullptr ? 0 : reply.len);
  if (reply.type == REDIS_REPLY_STRING) {
    AnswerFirst(std::optional(text));
  } else if (reply.type == REDIS_REPLY_NIL || text.starts_with("WRONGTYPE")) {
    AnswerFirst(
        std::optional<std::string>());  // A key of another type, such as a list, has no value.
  } else {
    AnswerFirst(base::Unexpected(reply.type == REDIS_REPLY_ERROR ? text : "an unexpected answer"));
  }
}

void Client::AnswerFirst(Answer answer) {
  const Callback callback = std::move(queries_.front().callback);
  queries_.pop_front();
  if (queries_.empty()) {
    timer_.Stop();
  } else {
    timer_.Start(std::max(queries_.front().deadline - net::EventLoop::Now(), base::Duration(1)));
  }
  callback(std::move(answer));
}

/// Answers the queries with a failure in the next turn: there is no connection.
void Client::FailLater(std::string why) {
  loop_.Post([this, alive = std::weak_ptr(alive_), why = std::move(why)] {
    if (alive.expired()) return;
    for (size_t left = queries_.size(); left > 0 && !alive.expired(); --left) {
      AnswerFirst(base::Unexpected(why));
    }
  });
}

void Client::OnTimer() {
  // The oldest query has waited too long, and later ones wait for it. A slow connection is not used
  // any more.
  resolving_.reset();
  is_trying_next_ = false;
  if (context_ != nullptr) {
    Drop();
  } else {
    FailLater("no answer in time");
  }
}

}  // namespace sluice::redis
