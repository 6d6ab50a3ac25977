// The base of the tests of dials: a resolver that answers when the test wants it to, and a dial
// whose outcome the test can wait for.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "sluice/dial/dial.h"

#include "net/run_loop.h"
#include "net/sockets.h"

namespace sluice::dial::testing {

/// Answers when the test calls one of the functions below.
class FakeResolver final : public dns::Resolver {
 public:
  std::unique_ptr<Query> Resolve(const std::string& host, uint16_t port, Cached cached,
                                 Callback callback) override {
    last_host = host;
    last_port = port;
    last_cached = cached;
    ++lookups;
    return std::make_unique<FakeQuery<Callback>>(host, std::move(callback), hosts_);
  }
  std::unique_ptr<Query> ResolveService(const std::string& name, Cached cached,
                                        ServicesCallback callback) override {
    EXPECT_EQ(name, "_app._tcp.server.test");
    last_cached = cached;
    ++lookups;
    return std::make_unique<FakeQuery<ServicesCallback>>(name, std::move(callback), services_);
  }
  void MoveCacheFrom(dns::Resolver& /*previous*/) override {}

  /// Answers the oldest lookup. `is_renewable`: the answer was in the cache.
  void Answer(std::vector<net::Address> addresses, bool is_renewable = false) {
    Return(hosts_, std::move(addresses), is_renewable);
  }
  void Fail(std::string why) { Return(hosts_, base::Unexpected(std::move(why)), false); }
  void AnswerServices(Services services, bool is_renewable = false) {
    Return(services_, std::move(services), is_renewable);
  }
  /// Answers the oldest lookup of that name.
  void AnswerFor(const std::string& host, std::vector<net::Address> addresses) {
    const auto found = std::find_if(hosts_.begin(), hosts_.end(),
                                    [&](const auto* query) { return query->name == host; });
    ASSERT_NE(found, hosts_.end()) << host;
    std::rotate(hosts_.begin(), found, found + 1);
    Answer(std::move(addresses));
  }
  bool asked() const { return !hosts_.empty(); }
  bool asked_for_services() const { return !services_.empty(); }

  std::string last_host;
  uint16_t last_port = 0;
  Cached last_cached = Cached::kUse;
  int lookups = 0;

 private:
  template <typename Callback>
  struct FakeQuery final : Query {
    using Queries = std::vector<FakeQuery*>;

    FakeQuery(std::string host, Callback on_answer, Queries& all)
        : name(std::move(host)), callback(std::move(on_answer)), queries(all) {
      queries.push_back(this);
    }
    ~FakeQuery() override { std::erase(queries, this); }
    bool IsRenewable() const override { return is_renewable; }

    const std::string name;
    Callback callback;
    bool is_renewable = false;
    Queries& queries;
  };

  template <typename Queries, typename Outcome>
  static void Return(Queries& queries, Outcome outcome, bool is_renewable) {
    if (queries.empty()) return;
    auto& query = *queries.front();
    queries.erase(queries.begin());
    query.is_renewable = is_renewable;
    const auto callback = std::move(query.callback);
    callback(std::move(outcome));
  }

  std::vector<FakeQuery<Callback>*> hosts_;  // The oldest first.
  std::vector<FakeQuery<ServicesCallback>*> services_;
};

inline constexpr base::Duration kLong{60'000};
inline constexpr base::Duration kShort{20};
inline constexpr uint32_t kSecondHost = INADDR_LOOPBACK + 1;  // 127.0.0.2

inline net::Address At(const char* host, uint16_t port) {
  return *net::Address::Parse(host, port);
}

class DialTest : public ::testing::Test {
 protected:
  void Start(const settings::Endpoint& server, base::Duration timeout = base::Duration(5000)) {
    Start(server, Options{.timeout = timeout});
  }
  void Start(const settings::Endpoint& server, Options options) {
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
    return net::testing::RunUntil(loop, [this] { return outcome.has_value(); });
  }
  void ExpectFailure(base::Cause cause, std::string_view detail) {
    ASSERT_TRUE(Over());
    ASSERT_FALSE(*outcome);
    EXPECT_EQ(outcome->error().cause, cause) << base::ReasonOf(outcome->error().cause);
    EXPECT_EQ(outcome->error().detail, detail);
  }
  /// A port of the loopback without a listener, held so that no other socket gets it.
  uint16_t RefusingPort() {
    held_ = net::testing::Bound(SOCK_STREAM);
    return net::testing::PortOf(held_);
  }

  net::EventLoop loop;
  FakeResolver resolver;
  std::unique_ptr<Dial> dial;
  std::optional<Dial::Outcome> outcome;

 private:
  net::Fd held_;
};

}  // namespace sluice::dial::testing
