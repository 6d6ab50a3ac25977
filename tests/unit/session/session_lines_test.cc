// Sessions with the framing `lines`, with text in `stream`, and the end of a session with a
// framing.
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
using testing::Lines;
using testing::Packed;
using testing::Pattern;
using testing::Prefixed;
using testing::ToClient;
using testing::With;
using websocket::Opcode;
using websocket::testing::Binary;
using websocket::testing::Close;
using websocket::testing::Continuation;
using websocket::testing::Text;

// ---- Lines ----

TEST(SessionLinesTest, ALineIsAMessageAndAMessageALine) {
  Harness h(Lines());
  h.Start();
  h.client.Send(Text("NICK a") + Binary("JOIN", false) + Continuation(" #b\r\n") + Text(""));
  EXPECT_EQ(h.backend.written(), "NICK a\r\nJOIN #b\r\n\r\n");
  h.backend.Send("one\r\ntwo\n\nth");
  h.backend.Send("ree\r");
  h.backend.SendAndEnd("\nlast");
  h.Settle();
  const auto got = ToClient(h);
  ASSERT_EQ(got.size(), 6u);
  for (size_t i = 0; const std::string_view line : {"one", "two", "", "three", "last"}) {
    ExpectMessage(got[i++], Opcode::kText, line);
  }
  ExpectClosed(h, Cause::kBackendClosed, "1000");
}

TEST(SessionLinesTest, LongLinesAreAssembled) {
  Harness h(Lines({.max_length = 1024 * 1024, .type = settings::MessageType::kBinary}));
  h.Start();
  std::string line = Pattern(1'000'000);
  std::replace(line.begin(), line.end(), '\n', 'n');
  std::replace(line.begin(), line.end(), '\r', 'r');
  h.client.Send(Binary(line.substr(0, 500), false) + Continuation(line.substr(500)));
  Echo(h);
  const auto got = ToClient(h);
  ASSERT_EQ(got.size(), 1u);
  ExpectMessage(got[0], Opcode::kBinary, line);
}

TEST(SessionLinesTest, NoMessageBecomesTwoLines) {
  for (const std::string_view text : {"a\nb", "a\rb", "a\n\n", "\r"}) {
    Harness h(Lines());
    h.Start();
    h.client.Send(Text("good") + Text(std::string(text)) + Text("not any more"));
    EXPECT_EQ(h.backend.written(), "good\r\n");
    ExpectClosed(h, Cause::kLineEndInMessage, "1008");
    EXPECT_NE(h.log.lines[0]["detail"], "-");
  }
}

TEST(SessionLinesTest, LinesOverTheLimit) {
  Harness of_client(Lines({.max_length = 10}));
  of_client.Start();
  of_client.client.Send(Text(std::string(11, 'x')));
  ExpectClosed(of_client, Cause::kMessageTooBig, "1009");

  Harness of_backend(Lines({.max_length = 10}));
  of_backend.Start();
  of_backend.backend.Send(std::string(12, 'x'));
  ExpectClosed(of_backend, Cause::kBackendMessageTooBig, "1009");
}

TEST(SessionLinesTest, ManyEmptyLinesStayBounded) {
  Harness h(Lines());
  h.client.TakeNothing();
  h.Start();
  h.backend.Send(std::string(3 * workspace::kQueueMark, '\n'));
  h.Settle();
  EXPECT_LE(h.to_client().queued.Value(), 3 * workspace::kQueueMark);
  h.client.Take();
  h.Settle();
  EXPECT_EQ(ToClient(h).size(), 3 * workspace::kQueueMark);
}

// ---- A stream of text ----

TEST(SessionLinesTest, AStreamOfTextIsNeverCutInsideACharacter) {
  Harness h(With(settings::StreamFraming{settings::MessageType::kText}));
  h.Start();
  h.backend.Send("Gr\xc3");
  h.backend.Send("\xbcn");
  const auto messages = ToClient(h);
  ASSERT_EQ(messages.size(), 3U);
  ExpectMessage(messages[0], Opcode::kText, "Gr");
  ExpectMessage(messages[1], Opcode::kText, "ü");
  ExpectMessage(messages[2], Opcode::kText, "n");
  // From the client both types are bytes, as they come.
  h.client.Send(Text("a") + Binary("\xff"));
  EXPECT_EQ(h.backend.written(), "a\xff");
}

TEST(SessionLinesTest, AStreamThatIsNoTextEndsTheSession) {
  for (const char* bytes : {"good \xff", "\xe2(", "\xf8"}) {
    Harness h(With(settings::StreamFraming{settings::MessageType::kText}));
    h.Start();
    h.backend.Send(bytes);
    ExpectClosed(h, Cause::kBackendInvalidUtf8, "1007");
  }
  Harness h(With(settings::StreamFraming{settings::MessageType::kText}));
  h.Start();
  h.backend.Send("cut \xe2\x82");
  h.backend.End();
  ExpectClosed(h, Cause::kBackendInvalidUtf8, "1007");
}

TEST(SessionLinesTest, AnswersOfAStreamAreNotAwaited) {
  Harness h(With(settings::StreamFraming{settings::MessageType::kText}));
  h.Start();
  h.client.SendAndEnd(Binary("bye") + Close(1000, ""));
  h.backend.Send("too late");
  EXPECT_EQ(ToClient(h).size(), 1U);
  EXPECT_EQ(h.backend.written(), "bye");
  h.backend.End();
  h.ExpectOver(Cause::kClientClosed, "1000");
}

// ---- The end ----

TEST(SessionLinesTest, WhatCameBeforeTheCloseIsAnsweredFirst) {
  Harness h(Prefixed());
  h.Start();
  h.client.Send(Binary("question") + Close(3000, "") + Binary("ignored"));
  h.Settle();
  EXPECT_TRUE(h.backend.fin_seen());
  EXPECT_TRUE(ToClient(h).empty());
  h.backend.Send(Packed("first"));
  h.backend.SendAndEnd(Packed("second"));
  h.Settle();
  const auto got = ToClient(h);
  ASSERT_EQ(got.size(), 3u);
  ExpectMessage(got[0], Opcode::kBinary, "first");
  ExpectMessage(got[1], Opcode::kBinary, "second");
  EXPECT_EQ(got[2].payload, CloseBody(3000, ""));
  EXPECT_EQ(h.backend.written(), Packed("question"));
  h.client.End();
  h.Settle();
  h.ExpectOver(Cause::kClientClosed, "3000");
}

TEST(SessionLinesTest, WhatCameBeforeABreachIsAnsweredFirst) {
  Harness h(Prefixed());
  h.Start();
  h.client.Send(Binary("question") + std::string("\xff\xff\xff\xff\xff\xff", 6));
  h.Settle();
  h.backend.SendAndEnd(Packed("answer"));
  h.Settle();
  const auto got = ToClient(h);
  ASSERT_EQ(got.size(), 2u);
  ExpectMessage(got[0], Opcode::kBinary, "answer");
  EXPECT_EQ(got[1].payload, CloseBody(1002, "protocol_error"));
  h.client.End();
  h.Settle();
  h.ExpectOver(Cause::kProtocolError, "1002");
}

TEST(SessionLinesTest, ABackendThatDoesNotAnswerIsNotWaitedForLong) {
  for (const bool is_breach : {false, true}) {
    Harness h(Prefixed());
    h.Start();
    h.client.Send(Binary("question") + (is_breach ? std::string(6, '\xff') : Close(1000, "")));
    ASSERT_TRUE(h.RunUntil([&] { return !ToClient(h).empty(); }));
    EXPECT_EQ(ToClient(h).back().opcode, Opcode::kClose);
    h.client.End();
    h.backend.End();
    h.Settle();
    h.ExpectOver(is_breach ? Cause::kProtocolError : Cause::kClientClosed,
                 is_breach ? "1002" : "1000");
  }
}

TEST(SessionLinesTest, AClientThatIsGoneIsNotAnswered) {
  Harness h(Prefixed());
  h.Start();
  h.client.Send(Binary("question") + Close(1000, ""));
  h.client.Reset();
  h.Settle();
  h.backend.SendAndEnd(Packed("answer"));
  h.Settle();
  h.ExpectOver(Cause::kClientLost, "-");
}

}  // namespace
}  // namespace sluice::session
