// Every session rerun with its Nth read or write failing, for every N: whatever breaks when, it
// ends, says so once, and leaves nothing behind.
#include <gtest/gtest.h>

#include "sluice/session/session.h"

#include "session/session_harness.h"
#include "session/session_limits.h"

namespace sluice::session {
namespace {

using testing::Harness;
using testing::OneRoute;
using testing::Pattern;
using websocket::testing::Binary;
using websocket::testing::Close;
using websocket::testing::Ping;

settings::Config Impatient() {
  settings::Config config = OneRoute();
  // So short that a session that hangs is seen to be cut, which is then asserted not to happen.
  config.routes[0].options.close_timeout = base::Duration(3'600'000);
  return config;
}

/// Runs `script` with a fault at every place. The peers of the script end both legs, so that no
/// session needs its time-out.
void RunWithFaults(const std::function<void(Harness&)>& script) {
  for (size_t fail_at = 1;; ++fail_at) {
    SCOPED_TRACE("fault at call " + std::to_string(fail_at));
    ASSERT_LT(fail_at, 3000u) << "the script never passes";
    Harness h(Impatient(), fail_at);
    script(h);
    h.Settle();
    if (!h.ended()) {
      // The kernel tells both ends of a session that waits for nothing else.
      h.client.End();
      h.backend.End();
      h.Settle();
    }
    h.ExpectOver();
    if (::testing::Test::HasFailure()) return;
    if (h.faults.calls < fail_at) return;  // Nothing failed: every place has been tried.
  }
}

TEST(SessionFaultTest, BackendEndsFirst) {
  RunWithFaults([](Harness& h) {
    h.Start(base::AsBytes(Binary("early")));
    h.client.Send(Binary("hello") + Ping("p"));
    h.backend.Send("answer");
    h.backend.SendAndEnd("last");
    h.client.Send(Binary("more"));
    h.client.SendAndEnd(Close(1000, ""));
  });
}

TEST(SessionFaultTest, ClientEndsFirst) {
  RunWithFaults([](Harness& h) {
    h.Start();
    h.backend.Send("greeting");
    h.client.Send(Binary("hello"));
    h.client.Send(Ping("p") + Close(1000, ""));
    h.client.End();
    h.backend.SendAndEnd("bye");
  });
}

TEST(SessionFaultTest, ShortReadsAndWrites) {
  RunWithFaults([](Harness& h) {
    h.client.max_read = h.backend.max_read = 3;
    h.client.max_write = h.backend.max_write = 5;
    h.Start();
    h.backend.Send(Pattern(60));
    h.Settle();
    h.client.Send(Binary(Pattern(40)) + Ping("abc"));
    h.Settle();
    h.client.SendAndEnd(Binary("x") + Close(1000, ""));
    h.Settle();
    h.backend.End();
  });
}

TEST(SessionFaultTest, FullLegs) {
  RunWithFaults([](Harness& h) {
    h.client.TakeNothing();
    h.Start();
    h.backend.TakeNothing();
    h.client.Send(Binary(Pattern(2 * workspace::kQueueMark)) + Ping("p"));
    h.backend.Send(Pattern(2 * workspace::kQueueMark));
    h.client.Take(workspace::kQueueMark);
    h.backend.Take(workspace::kQueueMark);
    if (!h.ended()) h.session->RequestClose(base::Cause::kDrain);
    h.client.Take();
    h.backend.Take();
    h.Settle();
    h.client.SendAndEnd(Close(1012, ""));
    h.backend.End();
  });
}

TEST(SessionFaultTest, Splicing) {
  RunWithFaults([](Harness& h) {
    h.client.can_splice = h.backend.can_splice = true;
    h.Start();
    h.client.TakeNothing();
    h.backend.Send(Pattern(2 * workspace::kQueueMark));
    h.client.Take(workspace::kQueueMark + 5);
    h.client.Send(Binary("x") + Ping("p"));
    h.client.Take(kBulkRead);
    h.backend.End();
    h.client.Take();
    h.Settle();
    h.client.SendAndEnd(Close(1000, ""));
  });
}

TEST(SessionFaultTest, DialFailed) {
  RunWithFaults([](Harness& h) {
    h.Fail(base::Cause::kBackendRefused, base::AsBytes(Binary("early")));
    h.client.Send(Binary("x"));
    h.client.SendAndEnd(Close(1014, ""));
  });
}

}  // namespace
}  // namespace sluice::session
