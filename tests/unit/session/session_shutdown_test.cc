// Sessions that sluice ends by itself: a failed dial, a drain, an end at once.
#include <gtest/gtest.h>

#include "sluice/session/session.h"

#include "session/session_harness.h"
#include "session/session_limits.h"

namespace sluice::session {
namespace {

using base::Cause;
using testing::CloseFrame;
using testing::Frame;
using testing::Harness;
using testing::Pattern;
using websocket::testing::Binary;
using websocket::testing::Close;

TEST(SessionShutdownTest, DialFailed) {
  Harness h;
  h.Fail(Cause::kBackendRefused, base::AsBytes(Binary("early")));
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{CloseFrame(1014, "backend_refused")}));
  h.client.Send(Binary("to nobody"));
  h.client.SendAndEnd(Close(1014, ""));
  h.ExpectOver(Cause::kBackendRefused, "1014");
}

TEST(SessionShutdownTest, CodesOfWebsockify) {
  Harness failed;
  failed.options().close_codes = settings::CloseCodes::kWebsockify;
  failed.Fail(Cause::kBackendRefused);
  EXPECT_EQ(failed.ClientFrames(), (std::vector<Frame>{CloseFrame(1011, "backend_refused")}));
  failed.client.SendAndEnd(Close(1011, ""));
  failed.ExpectOver(Cause::kBackendRefused, "1011");

  Harness ended;
  ended.options().close_codes = settings::CloseCodes::kWebsockify;
  ended.Start();
  ended.backend.End();
  EXPECT_EQ(ended.ClientFrames(), (std::vector<Frame>{CloseFrame(1000, "backend_closed")}));
  ended.client.SendAndEnd(Close(1000, ""));
  ended.ExpectOver(Cause::kBackendClosed, "1000");
}

TEST(SessionShutdownTest, Drain) {
  Harness h;
  h.Start();
  h.session->RequestClose(Cause::kDrain);
  EXPECT_EQ(h.ClientFrames(), (std::vector<Frame>{CloseFrame(1012, "drain")}));
  h.client.Send(Binary("still") + Close(1012, ""));
  EXPECT_EQ(h.backend.written(), "still");
  EXPECT_TRUE(h.backend.fin_seen());
  h.client.End();
  h.backend.End();
  h.ExpectOver(Cause::kDrain, "1012");
}

TEST(SessionShutdownTest, DrainKeepsTheCauseOfASessionThatIsClosing) {
  Harness h;
  h.Start();
  h.backend.End();
  h.session->RequestClose(Cause::kDrain);
  h.client.SendAndEnd(Close(1000, ""));
  h.ExpectOver(Cause::kBackendClosed, "1000");
}

TEST(SessionShutdownTest, Abort) {
  Harness h;
  h.Start();
  h.client.TakeNothing();
  h.backend.Send(Pattern(workspace::kQueueMark));
  h.session->RequestClose(Cause::kDrain);
  h.session->Abort();
  h.ExpectOver(Cause::kDrain, "1012");
  h.Settle();
}

TEST(SessionShutdownTest, ALegIsClosedAfterWhatItHasToSend) {
  Harness h;
  h.Start();
  h.client.has_unsent = true;
  h.backend.SendAndEnd("last");
  h.client.Send(Close(1000, ""));
  h.client.End();
  h.Settle();
  EXPECT_FALSE(h.backend.is_open());
  ASSERT_TRUE(h.client.is_open());
  EXPECT_TRUE(h.client.fin_seen());
  h.client.has_unsent = false;
  h.client.Send("");  // The stream reports that it has sent the rest.
  h.Settle();
  h.ExpectOver(Cause::kBackendClosed, "1000");
}

TEST(SessionShutdownTest, ASessionThatYieldedMayEndBeforeItsNextTurn) {
  Harness h;
  h.Start();
  h.client.Send(Binary(Pattern(2 * kTurnBudget)));
  h.session->Abort();
  h.Settle();
  h.ExpectOver(Cause::kDrain, "-");
}

TEST(SessionShutdownTest, DestroyedWithItsOwner) {
  auto h = std::make_unique<Harness>();
  h->Start();
  h->client.Send(Binary(Pattern(2 * kTurnBudget)));
  h.reset();  // Sanitizers see what is left behind.
}

}  // namespace
}  // namespace sluice::session
