// Sessions with a framing: messages and their types survive a service that knows bytes alone, and
// what cannot be a message ends the session with a cause of its own.
#include <gtest/gtest.h>

#include "sluice/session/session.h"

#include "leg/server_messages.h"
#include "session/session_harness.h"

namespace sluice::session {
namespace {

using base::Cause;
using leg::testing::Message;
using leg::testing::MessagesIn;
using testing::CloseBody;
using testing::Harness;
using testing::kHead;
using testing::OneRoute;
using testing::Pattern;
using websocket::Opcode;
using websocket::testing::BigEndian;
using websocket::testing::Binary;
using websocket::testing::Close;
using websocket::testing::Continuation;
using websocket::testing::Ping;
using websocket::testing::Text;

settings::Config With(settings::Framing framing, size_t message_limit = 16 * 1024 * 1024) {
  settings::Config config = OneRoute();
  config.routes[0].options.framing = framing;
  config.routes[0].options.message_limit = message_limit;
  return config;
}

settings::Config Prefixed(size_t message_limit = 16 * 1024 * 1024) {
  return With(settings::LengthPrefixedFraming{.type_byte = true}, message_limit);
}

settings::Config Lines(settings::LinesFraming lines = {}) {
  return With(lines);
}

/// As it stands on the backend's leg with a u32 and a type byte.
std::string Packed(std::string_view payload, bool is_text = false) {
  return BigEndian(payload.size(), 4).append(1, is_text ? '\1' : '\2').append(payload);
}

std::vector<Message> ToClient(const Harness& h) {
  return MessagesIn(std::string_view(h.client.written()).substr(kHead.size()));
}

/// The backend sends back what it gets, until nothing is under way.
void Echo(Harness& h) {
  size_t sent = 0;
  do {
    h.Settle();
    const std::string back = h.backend.written().substr(sent);
    sent += back.size();
    if (!back.empty()) h.backend.Send(back);
    h.Settle();
  } while (h.backend.written().size() != sent);
}

void ExpectMessage(const Message& got, Opcode opcode, std::string_view payload) {
  EXPECT_EQ(got.opcode, opcode);
  EXPECT_TRUE(got.payload == payload) << got.payload.size() << " bytes, not " << payload.size();
  EXPECT_FALSE(got.compressed);
}

/// How a session that its client broke, or its backend, ends.
void ExpectClosed(Harness& h, Cause cause, std::string_view code) {
  h.Settle();
  // Behind its FIN the backend has answered all that there was to answer.
  if (h.backend.fin_seen()) h.backend.End();
  h.Settle();
  ASSERT_FALSE(ToClient(h).empty());
  const Message last = ToClient(h).back();
  EXPECT_EQ(last.opcode, Opcode::kClose);
  EXPECT_EQ(last.payload,
            CloseBody(static_cast<uint16_t>(std::stoi(std::string(code))), base::ReasonOf(cause)));
  h.client.SendAndEnd(Close(1000, ""));
  h.backend.End();
  h.Settle();
  h.ExpectOver(cause, code);
}

// ---- Length-prefixed ----

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

// ---- Lines ----

TEST(SessionFramingTest, ALineIsAMessageAndAMessageALine) {
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

TEST(SessionFramingTest, LongLinesAreAssembled) {
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

TEST(SessionFramingTest, NoMessageBecomesTwoLines) {
  for (const std::string_view text : {"a\nb", "a\rb", "a\n\n", "\r"}) {
    Harness h(Lines());
    h.Start();
    h.client.Send(Text("good") + Text(std::string(text)) + Text("not any more"));
    EXPECT_EQ(h.backend.written(), "good\r\n");
    ExpectClosed(h, Cause::kLineEndInMessage, "1008");
    EXPECT_NE(h.log.lines[0]["detail"], "-");
  }
}

TEST(SessionFramingTest, LinesOverTheLimit) {
  Harness of_client(Lines({.max_length = 10}));
  of_client.Start();
  of_client.client.Send(Text(std::string(11, 'x')));
  ExpectClosed(of_client, Cause::kMessageTooBig, "1009");

  Harness of_backend(Lines({.max_length = 10}));
  of_backend.Start();
  of_backend.backend.Send(std::string(12, 'x'));
  ExpectClosed(of_backend, Cause::kBackendMessageTooBig, "1009");
}

TEST(SessionFramingTest, ManyEmptyLinesStayBounded) {
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

TEST(SessionFramingTest, AStreamOfTextIsNeverCutInsideACharacter) {
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

TEST(SessionFramingTest, AStreamThatIsNoTextEndsTheSession) {
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

TEST(SessionFramingTest, AnswersOfAStreamAreNotAwaited) {
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

TEST(SessionFramingTest, WhatCameBeforeTheCloseIsAnsweredFirst) {
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

TEST(SessionFramingTest, WhatCameBeforeABreachIsAnsweredFirst) {
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

TEST(SessionFramingTest, ABackendThatDoesNotAnswerIsNotWaitedForLong) {
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

TEST(SessionFramingTest, AClientThatIsGoneIsNotAnswered) {
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
