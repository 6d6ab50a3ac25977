// What the tests of dials have in common: a resolver that answers when the test says so, and a dial
// whose outcome is waited for.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/net/dialer.h"

#include "net/run_loop.h"
#include "net/sockets.h"

namespace sluice::net::testing {

/// Answers when the test says so.
class FakeResolver final : public Resolver {
 public:
  std::unique_ptr<Query> Resolve(const std::string& host, uint16_t port, Callback cb) override {
    last_port = port;
    callback = std::move(cb);
    last_host = host;
    return std::make_unique<FakeQuery>(*this);
  }
  std::unique_ptr<Query> ResolveService(const std::string& name, ServicesCallback cb) override {
    EXPECT_EQ(name, "_app._tcp.server.test");
    services_callback = std::move(cb);
    return std::make_unique<FakeQuery>(*this);
  }
  void AnswerServices(Services services) {
    const auto told = std::exchange(services_callback, nullptr);
    if (told) told(std::move(services));
  }
  void Answer(std::vector<Address> addresses) {
    const auto told = std::exchange(callback, nullptr);
    if (told) told(std::move(addresses));
  }
  void Fail(std::string why) {
    const auto told = std::exchange(callback, nullptr);
    if (told) told(base::Unexpected(std::move(why)));
  }
  bool asked() const { return callback != nullptr; }

  Callback callback;
  ServicesCallback services_callback;
  std::string last_host;
  uint16_t last_port = 0;

 private:
  struct FakeQuery final : Query {
    explicit FakeQuery(FakeResolver& r) : resolver(r) {}
    ~FakeQuery() override {
      resolver.callback = nullptr;
      resolver.services_callback = nullptr;
    }
    FakeResolver& resolver;
  };
};

inline Address At(const char* host, uint16_t port) {
  return *Address::Parse(host, port);
}

class DialerTest : public ::testing::Test {
 protected:
  void Start(const config::Endpoint& server, base::Duration timeout = base::Duration(5000)) {
    Start(server, DialOptions{.timeout = timeout});
  }
  void Start(const config::Endpoint& server, DialOptions options) {
    outcome.reset();
    dial.reset();
    dial =
        std::make_unique<Dial>(loop, resolver, server, std::move(options), [this](Dial::Outcome o) {
          EXPECT_FALSE(outcome.has_value()) << "told once";
          outcome.emplace(std::move(o));
        });
    EXPECT_FALSE(outcome.has_value()) << "never from inside the constructor";
  }
  bool Over() {
    return RunUntil(loop, [this] { return outcome.has_value(); });
  }
  void ExpectFailure(base::Cause cause, std::string_view detail) {
    ASSERT_TRUE(Over());
    ASSERT_FALSE(*outcome);
    EXPECT_EQ(outcome->error().cause, cause) << base::ReasonOf(outcome->error().cause);
    EXPECT_EQ(outcome->error().detail, detail);
  }
  /// A port of the loopback that nobody listens on; held, so that nobody else gets it.
  uint16_t RefusingPort() {
    held_ = Bound(SOCK_STREAM);
    return PortOf(held_);
  }

  EventLoop loop;
  FakeResolver resolver;
  std::unique_ptr<Dial> dial;
  std::optional<Dial::Outcome> outcome;

 private:
  Fd held_;
};

}  // namespace sluice::net::testing
