// What the tests of sessions with a framing share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "leg/server_messages.h"
#include "session/session_harness.h"

namespace sluice::session::testing {

using leg::testing::Message;
using leg::testing::MessagesIn;

inline settings::Config With(settings::Framing framing, size_t message_limit = 16 * 1024 * 1024) {
  settings::Config config = OneRoute();
  config.routes[0].options.framing = framing;
  config.routes[0].options.message_limit = message_limit;
  return config;
}

inline settings::Config Prefixed(size_t message_limit = 16 * 1024 * 1024) {
  return With(settings::LengthPrefixedFraming{.type_byte = true}, message_limit);
}

inline settings::Config Lines(settings::LinesFraming lines = {}) {
  return With(lines);
}

/// As it stands on the backend's leg with a u32 and a type byte.
inline std::string Packed(std::string_view payload, bool is_text = false) {
  return websocket::testing::BigEndian(payload.size(), 4)
      .append(1, is_text ? '\1' : '\2')
      .append(payload);
}

inline std::vector<Message> ToClient(const Harness& h) {
  return MessagesIn(std::string_view(h.client.written()).substr(kHead.size()));
}

/// The backend sends back what it gets, until nothing is under way.
inline void Echo(Harness& h) {
  size_t sent = 0;
  do {
    h.Settle();
    const std::string back = h.backend.written().substr(sent);
    sent += back.size();
    if (!back.empty()) h.backend.Send(back);
    h.Settle();
  } while (h.backend.written().size() != sent);
}

inline void ExpectMessage(const Message& got, websocket::Opcode opcode, std::string_view payload) {
  EXPECT_EQ(got.opcode, opcode);
  EXPECT_TRUE(got.payload == payload) << got.payload.size() << " bytes, not " << payload.size();
  EXPECT_FALSE(got.compressed);
}

/// How a session that its client broke, or its backend, ends.
inline void ExpectClosed(Harness& h, base::Cause cause, std::string_view code) {
  h.Settle();
  // Behind its FIN the backend has answered all that there was to answer.
  if (h.backend.fin_seen()) h.backend.End();
  h.Settle();
  ASSERT_FALSE(ToClient(h).empty());
  const Message last = ToClient(h).back();
  EXPECT_EQ(last.opcode, websocket::Opcode::kClose);
  EXPECT_EQ(last.payload,
            CloseBody(static_cast<uint16_t>(std::stoi(std::string(code))), base::ReasonOf(cause)));
  h.client.SendAndEnd(websocket::testing::Close(1000, ""));
  h.backend.End();
  h.Settle();
  h.ExpectOver(cause, code);
}

}  // namespace sluice::session::testing
