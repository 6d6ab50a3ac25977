// The base of the tests of the resolver: one that asks a DNS server of the test.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/dns/resolver.h"
#include "sluice/net/event_loop.h"

#include "dns/dns_server.h"
#include "net/run_loop.h"

namespace sluice::dns::testing {

class ResolverTest : public ::testing::Test {
 protected:
  using Cached = Resolver::Cached;

  ResolverTest() { Make(base::Duration(3000)); }

  void Make(base::Duration timeout, base::Duration cache = base::Duration(300'000)) {
    settings::Dns dns;
    dns.cache = cache;
    dns.servers = {server.address()};
    dns.timeout = timeout;
    dns.attempts = 2;
    auto made = Resolver::Create(loop, dns);
    EXPECT_TRUE(made) << made.error();
    resolver = *std::move(made);
  }

  std::unique_ptr<Resolver::Query> Ask(const std::string& host, Cached cached = Cached::kUse) {
    answer.reset();
    return resolver->Resolve(host, 5900, cached, [this](Resolver::Answer a) {
      EXPECT_FALSE(answer.has_value()) << "told once";
      answer.emplace(std::move(a));
    });
  }
  bool Answered() {
    return net::testing::RunUntil(loop, [this] { return answer.has_value(); });
  }
  /// The addresses as text, in a fixed order.
  std::vector<std::string> Addresses() const {
    std::vector<std::string> texts;
    if (!*answer) return {answer->error()};
    for (const auto& address : answer->value()) texts.push_back(address.ToString());
    std::sort(texts.begin(), texts.end());
    return texts;
  }

  net::EventLoop loop;
  DnsServer server{loop};
  std::unique_ptr<Resolver> resolver;
  std::optional<Resolver::Answer> answer;
};

}  // namespace sluice::dns::testing
