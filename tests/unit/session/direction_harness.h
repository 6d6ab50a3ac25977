// A direction between the two legs of a harness, without a session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <gtest/gtest.h>

#include "sluice/session/direction.h"

#include "session/rate_limit.h"
#include "session/session_harness.h"

namespace sluice::session::testing {

class DirectionHarness : public Harness {
 public:
  /// Connects both legs. Without a rate the direction has no limit.
  void Open(metrics::Direction which, uint64_t bytes_per_second = 0) {
    const bool is_to_client = which == metrics::Direction::kToClient;
    source = is_to_client ? BackendLeg() : ClientLeg();
    sink = is_to_client ? ClientLeg() : BackendLeg();
    std::unique_ptr<RateLimit> limit;
    if (bytes_per_second != 0) {
      limit = std::make_unique<RateLimit>(loop, bytes_per_second, [this] {
        direction->ResumeAtRate();
        Transfer();
      });
    }
    direction.emplace(route().in(which), std::move(limit));
  }
  void OpenToClient(uint64_t bytes_per_second = 0) {
    Open(metrics::Direction::kToClient, bytes_per_second);
  }
  void OpenToBackend(uint64_t bytes_per_second = 0) {
    Open(metrics::Direction::kToBackend, bytes_per_second);
  }

  /// Relays with the budget of a new turn, if anything can be relayed.
  Direction::Event Transfer(size_t of_turn = kTurnBudget) {
    budget = of_turn;
    return Continue();
  }
  /// Relays with what is left of the budget.
  Direction::Event Continue() {
    if (!direction->CanTransfer(*source)) return {};
    return direction->Transfer(workspace, *source, sink.get(), budget);
  }

  std::unique_ptr<leg::Leg> source;
  std::unique_ptr<leg::Leg> sink;
  std::optional<Direction> direction;
  size_t budget = 0;
};

class DirectionTest : public ::testing::Test {
 protected:
  DirectionHarness h;
};

/// Both legs speak plain bytes, and payload goes from the backend to the client.
class RawDirectionTest : public DirectionTest {
 protected:
  RawDirectionTest() { h.is_raw = true; }
};

}  // namespace sluice::session::testing
