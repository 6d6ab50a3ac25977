// The whole table of the closing handshake, written out, the events that change nothing too.
#include "sluice/session/session_state.h"

#include <gtest/gtest.h>

namespace sluice::session {
namespace {

using enum SessionState;
using enum SessionEvent;

struct Row {
  SessionState state;
  SessionEvent event;
  std::optional<SessionState> next;
};

constexpr auto kNothing = std::nullopt;

constexpr Row kRows[] = {
    {kOpen, kLastFrame, kAnswering},
    {kAnswering, kLastFrame, kNothing},
    {kCloseSent, kLastFrame, kNothing},
    {kFinishing, kLastFrame, kNothing},
    {kClosed, kLastFrame, kNothing},
    {kAnswering, kCloseBegun, kCloseSent},
    {kAnswering, kCloseReceived, kFinishing},
    {kAnswering, kFramingBroken, kFinishing},
    {kAnswering, kClientGone, kFinishing},
    {kAnswering, kLegsClosed, kNothing},
    {kAnswering, kTimeUp, kClosed},
    {kOpen, kCloseBegun, kCloseSent},
    {kOpen, kCloseReceived, kFinishing},
    {kOpen, kFramingBroken, kFinishing},
    {kOpen, kClientGone, kFinishing},
    {kOpen, kLegsClosed, kNothing},
    {kOpen, kTimeUp, kClosed},
    {kCloseSent, kCloseBegun, kNothing},
    {kCloseSent, kCloseReceived, kFinishing},
    {kCloseSent, kFramingBroken, kFinishing},
    {kCloseSent, kClientGone, kFinishing},
    {kCloseSent, kLegsClosed, kNothing},
    {kCloseSent, kTimeUp, kClosed},
    {kFinishing, kCloseBegun, kNothing},
    {kFinishing, kCloseReceived, kNothing},
    {kFinishing, kFramingBroken, kNothing},
    {kFinishing, kClientGone, kNothing},
    {kFinishing, kLegsClosed, kClosed},
    {kFinishing, kTimeUp, kClosed},
    {kClosed, kCloseBegun, kNothing},
    {kClosed, kCloseReceived, kNothing},
    {kClosed, kFramingBroken, kNothing},
    {kClosed, kClientGone, kNothing},
    {kClosed, kLegsClosed, kNothing},
    {kClosed, kTimeUp, kNothing},
};

TEST(SessionStateTest, TheWholeTable) {
  static_assert(std::size(kRows) == 5 * 7, "every state with every event");
  for (const auto& row : kRows) {
    EXPECT_EQ(Next(row.state, row.event), row.next)
        << "state " << static_cast<int>(row.state) << ", event " << static_cast<int>(row.event);
  }
}

TEST(SessionStateTest, NoEventLeadsBack) {
  for (const auto& row : kRows) {
    if (const auto next = Next(row.state, row.event)) {
      EXPECT_GT(*next, row.state);
    }
  }
}

}  // namespace
}  // namespace sluice::session
