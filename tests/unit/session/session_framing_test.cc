// Sessions with the framing `length_prefixed`: messages and their types survive a service that
// knows bytes alone, and what cannot be a message ends the session with a cause of its own.
#include <gtest/gtest.h>

#include "sluice/session/session.h"

#include "session/framing_harness.h"

namespace sluice::session {
namespace {

using base::Cause;
using testing::CloseBody;
using testing::Echo;
using testing::ExpectClosed;
using testing::ExpectMessage;
using testing::Harness;
using testing::Packed;
using testing::Pattern;
using testing::Prefixed;
using testing::ToClient;
using testing::With;
using websocket::Opcode;
using websocket::testing::BigEndian;
using websocket::testing::Binary;
using websocket::testing::Close;
using websocket::testing::Continuation;
using websocket::testing::Ping;
using websocket::testing::Text;

TEST(SessionFramingTest, MessagesSurviveAnEchoOfBytes) {
  Harness h(Prefixed());
  h.Start();
  std::vector<std::pair<std::string, bool>> sent;
  for (const size_t size : {0u, 1u, 125u, 126u, 65535u, 65536u, 300'000u, 1'500'000u}) {
    sent.emplace_back(Pattern(size), false);
    sent.emplace_back(std::string(size, 't'), true);
  }
  for (const auto& [payload, is_text] : sent) {
    h.client.Send(is_text ? Text(payload) : Binary(payload));
  }
  Echo(h);
  const auto got = ToClient(h);
  ASSERT_EQ(got.size(), sent.size());
  for (size_t i = 0; i < got.size(); ++i) {
    ExpectMessage(got[i], sent[i].second ? Opcode::kText : Opcode::kBinary, sent[i].first);
  }
  EXPECT_EQ(h.to_backend().messages.Value(), sent.size());
  EXPECT_EQ(h.to_client().messages.Value(), sent.size());
}

TEST(SessionFramingTest, FragmentsAreOneMessageHoweverTheyAreCut) {
  const std::string wire = Text("Gr\xc3", false) + Ping("p") + Continuation("\xbc", false) +
                           Continuation("", false) + Continuation("n") + Binary("", false) +
                           Continuation("") + Binary("b");
  for (size_t cut = 1; cut < wire.size(); ++cut) {
    SCOPED_TRACE(cut);
    Harness h(Prefixed());
    h.Start();
    h.client.Send(wire.substr(0, cut));
    h.client.Send(wire.substr(cut));
    EXPECT_EQ(h.backend.written(), Packed("Gr\xc3\xbcn", true) + Packed("") + Packed("b"));
    EXPECT_EQ(ToClient(h).size(), 1u) << "the pong";
  }
}

TEST(SessionFramingTest, TheBackendsBytesMayBeCutAnywhere) {
  const std::string wire = Packed("Gr\xc3\xbcn", true) + Packed("") + Packed("ab");
  for (size_t cut = 1; cut < wire.size(); ++cut) {
    SCOPED_TRACE(cut);
    Harness h(Prefixed());
    h.Start();
    h.backend.Send(wire.substr(0, cut));
    h.backend.Send(wire.substr(cut));
    const auto got = ToClient(h);
    ASSERT_EQ(got.size(), 3u);
    ExpectMessage(got[0], Opcode::kText, "Gr\xc3\xbcn");
    ExpectMessage(got[1], Opcode::kBinary, "");
    ExpectMessage(got[2], Opcode::kBinary, "ab");
  }
}

TEST(SessionFramingTest, AByteAtATimeBothWays) {
  Harness h(Prefixed());
  h.client.max_read = h.backend.max_read = 1;
  h.client.max_write = h.backend.max_write = 1;
  h.Start();
  h.client.Send(Text("hello") + Binary(Pattern(300)) + Text("") + Ping("p"));
  Echo(h);
  const auto got = ToClient(h);
  ASSERT_EQ(got.size(), 4u);
  EXPECT_EQ(h.backend.written(), Packed("hello", true) + Packed(Pattern(300)) + Packed("", true));
}

TEST(SessionFramingTest, ControlFramesGoBetweenTheFragmentsOfAMessage) {
  Harness h(Prefixed());
  h.Start();
  h.backend.Send(Packed(Pattern(100)).substr(0, 50));
  h.client.Send(Ping("p"));
  h.Settle();
  h.backend.Send(Packed(Pattern(100)).substr(50));
  const auto got = ToClient(h);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].opcode, Opcode::kPong);
  ExpectMessage(got[1], Opcode::kBinary, Pattern(100));
  EXPECT_EQ(got[1].frames, 2u);
}

TEST(SessionFramingTest, ManySmallMessagesLeaveInOneWrite) {
  Harness h(Prefixed());
  h.Start();
  std::string frames, packed;
  for (int i = 0; i < 500; ++i) {
    frames += Binary("message");
    packed += Packed("message");
  }
  const size_t writes = h.client.writes();
  h.client.Send(frames);
  EXPECT_EQ(h.backend.written(), packed);
  EXPECT_EQ(h.backend.writes(), 1u);
  h.backend.Send(packed);
  EXPECT_EQ(ToClient(h).size(), 500u);
  EXPECT_EQ(h.client.writes(), writes + 1);
}

TEST(SessionFramingTest, SlowPeersGetEveryMessage) {
  Harness h(Prefixed());
  h.Start();
  std::string frames, packed;
  for (size_t i = 0; i < 300; ++i) {
    frames += Binary(Pattern(i * 37));
    packed += Packed(Pattern(i * 37));
  }
  h.client.TakeNothing();
  h.backend.TakeNothing();
  h.client.Send(frames);
  h.backend.Send(packed);
  h.Settle();
  EXPECT_LE(h.to_backend().queued.Value(), 2 * workspace::kQueueMark);
  EXPECT_LE(h.to_client().queued.Value(), 2 * workspace::kQueueMark);
  EXPECT_NE(h.client.unread(), 0u);
  EXPECT_NE(h.backend.unread(), 0u);
  while (h.client.unread() + h.backend.unread() != 0 ||
         h.to_backend().queued.Value() + h.to_client().queued.Value() != 0) {
    h.client.Take(9999);
    h.backend.Take(7777);
    h.Settle();
  }
  EXPECT_TRUE(h.backend.written() == packed);
  EXPECT_EQ(ToClient(h).size(), 300u);
}

TEST(SessionFramingTest, AMessageOverTheLimitIsTheClientsFault) {
  Harness h(Prefixed(1024));
  h.Start();
  h.client.Send(Binary(Pattern(1024)) + Binary(Pattern(1025)) + Binary("not any more"));
  EXPECT_EQ(h.backend.written(), Packed(Pattern(1024)));
  ExpectClosed(h, Cause::kMessageTooBig, "1009");
  EXPECT_NE(h.log.lines[0]["detail"], "-");
}

TEST(SessionFramingTest, FragmentsOverTheLimit) {
  Harness h(Prefixed(1024));
  h.Start();
  h.client.Send(Binary(Pattern(1000), false) + Continuation(Pattern(25), false));
  EXPECT_EQ(h.backend.written(), "");
  ExpectClosed(h, Cause::kMessageTooBig, "1009");
}

TEST(SessionFramingTest, AMessageOverTheLimitIsTheBackendsFault) {
  Harness h(Prefixed(1024));
  h.Start();
  h.backend.Send(Packed("good") + Packed(Pattern(1025)));
  EXPECT_EQ(ToClient(h).size(), 2u) << "the good message and the Close";
  ExpectClosed(h, Cause::kBackendMessageTooBig, "1009");
}

TEST(SessionFramingTest, AnUnknownTypeIsTheBackendsFault) {
  Harness h(Prefixed());
  h.Start();
  h.backend.Send(Packed("good") + BigEndian(1, 4) + '\3' + 'x');
  EXPECT_EQ(ToClient(h).size(), 2u) << "the good message and the Close";
  ExpectClosed(h, Cause::kBackendFraming, "1011");
  EXPECT_NE(h.log.lines[0]["detail"], "-");
}

TEST(SessionFramingTest, AMessageCutShortIsTheBackendsFault) {
  Harness h(Prefixed());
  h.Start();
  h.backend.SendAndEnd(Packed("whole") + Packed("cut short").substr(0, 8));
  ExpectClosed(h, Cause::kBackendFraming, "1011");
}

TEST(SessionFramingTest, ALengthBelowItsHeaderIsTheBackendsFault) {
  Harness h(With(settings::LengthPrefixedFraming{.size = 2, .includes_header = true}));
  h.Start();
  h.backend.Send(BigEndian(1, 2));
  ExpectClosed(h, Cause::kBackendFraming, "1011");
}

TEST(SessionFramingTest, AnEndBetweenMessagesIsInGoodOrder) {
  Harness h(Prefixed());
  h.Start();
  h.backend.SendAndEnd(Packed("whole"));
  ExpectClosed(h, Cause::kBackendClosed, "1000");
}

TEST(SessionFramingTest, TextOfTheBackendMustBeUtf8) {
  Harness h(Prefixed());
  h.Start();
  h.backend.Send(Packed("a\xc3", true));
  ExpectClosed(h, Cause::kBackendInvalidUtf8, "1007");
}

TEST(SessionFramingTest, TextOfTheBackendFailsInTheMiddleOfAMessage) {
  Harness h(Prefixed());
  h.Start();
  h.backend.Send(Packed("good\xff and more", true).substr(0, 10));
  ExpectClosed(h, Cause::kBackendInvalidUtf8, "1007");
}

TEST(SessionFramingTest, ViolationsAreFoundAsInThePlainSession) {
  for (const auto& [wire, cause, code] :
       {std::tuple{Text("a\xff"), Cause::kInvalidUtf8, "1007"},
        std::tuple{Continuation("x"), Cause::kProtocolError, "1002"},
        std::tuple{websocket::testing::ClientFrame{.reserved_bits = 0x40}.Bytes(),
                   Cause::kProtocolError, "1002"}}) {
    Harness h(Prefixed());
    h.Start();
    h.client.Send(Binary("good") + wire);
    EXPECT_EQ(h.backend.written(), Packed("good"));
    ExpectClosed(h, cause, code);
  }
}

TEST(SessionFramingTest, AFaultOfTheBackendEndsItsAnswers) {
  Harness h(Prefixed());
  h.Start();
  h.client.Send(Binary("question") + Close(3000, ""));
  h.backend.Send(Packed("answer") + BigEndian(1, 4) + '\3' + 'x');
  const auto got = ToClient(h);
  ASSERT_EQ(got.size(), 2u) << "the Close does not wait for more answers";
  ExpectMessage(got[0], Opcode::kBinary, "answer");
  EXPECT_EQ(got[1].payload, CloseBody(3000, ""));
}

TEST(SessionFramingTest, EarlyFramesAreMessages) {
  Harness h(Prefixed());
  h.Start(base::AsBytes(Text("early")));
  EXPECT_EQ(h.backend.written(), Packed("early", true));
}

TEST(SessionFramingTest, AFailedDialIsToldAsEver) {
  Harness h(Prefixed());
  h.Fail(Cause::kBackendRefused, base::AsBytes(Text("early")));
  h.client.SendAndEnd(Text("more") + Close(1014, ""));
  h.Settle();
  h.ExpectOver(Cause::kBackendRefused, "1014");
}

}  // namespace
}  // namespace sluice::session
