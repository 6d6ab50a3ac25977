#include "handover/message.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::handover {
namespace {

TEST(Message, ReadsWhatItHasWritten) {
  const Message message{7, {{*settings::ParseListenAddress("127.0.0.1:80"), 8}}, 9};
  const auto read = ParseMessage(WriteMessage(message));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->report_fd, 7);
  ASSERT_EQ(read->listeners.size(), 1U);
  EXPECT_EQ(read->listeners[0].listener.ToString(), "127.0.0.1:80");
  EXPECT_EQ(read->listeners[0].fd, 8);
  EXPECT_EQ(read->admin, 9);
}

TEST(Message, IgnoresMembersOfLaterVersions) {
  const auto read = ParseMessage(
      R"({"told": 7, "new": [], "listeners": [{"address": "unix:/a", "fd": 8, "tls": {}}]})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->listeners[0].listener.ToString(), "unix:/a");
  EXPECT_FALSE(read->admin);
}

TEST(Message, SurvivesAPathThatIsNotUtf8) {
  const Message message{7, {{{settings::Endpoint::Kind::kUnix, "/\xff", 0}, 8}}, {}};
  EXPECT_NE(WriteMessage(message).find("unix:/"), std::string::npos);
}

TEST(Message, RefusesWhatIsNotAsExpectedAndThrowsNothing) {
  const struct {
    const char* text;
    const char* error;
  } kCases[] = {
      {"", "expected a JSON object"},
      {"x", "expected a JSON object"},
      {"[]", "expected a JSON object"},
      {"7", "expected a JSON object"},
      {R"({"told": 7)", "expected a JSON object"},
      {"{}", "'told' is not the number of a descriptor"},
      {R"({"told": "7"})", "'told' is not the number of a descriptor"},
      {R"({"told": null})", "'told' is not the number of a descriptor"},
      {R"({"told": -1})", "'told' is not the number of a descriptor"},
      {R"({"told": 7.5})", "'told' is not the number of a descriptor"},
      {R"({"told": 4294967303})", "'told' is not the number of a descriptor"},
      {R"({"told": 7})", "'listeners' is not a list"},
      {R"({"told": 7, "listeners": {"a": 1}})", "'listeners' is not a list"},
      {R"({"told": 7, "listeners": [8]})", "a listener is not an object"},
      {R"({"told": 7, "listeners": [{"fd": 8}]})", "the 'address' of a listener is not a text"},
      {R"({"told": 7, "listeners": [{"address": 80, "fd": 8}]})",
       "the 'address' of a listener is not a text"},
      {R"({"told": 7, "listeners": [{"address": "80"}]})", "'fd' is not the number"},
      {R"({"told": 7, "listeners": [{"address": "80", "fd": [8]}]})", "'fd' is not the number"},
      {R"({"told": 7, "listeners": [{"address": "80", "fd": 7}]})", "descriptor 7 is there twice"},
      {R"({"told": 7, "listeners": [], "admin": "9"})", "'admin' is not the number"},
      {R"({"told": 7, "listeners": [], "admin": null})", "'admin' is not the number"},
  };
  for (const auto& [text, error] : kCases) {
    const auto read = ParseMessage(text);
    ASSERT_FALSE(read) << text;
    EXPECT_NE(read.error().find(error), std::string::npos) << text << ": " << read.error();
  }
  EXPECT_FALSE(ParseMessage(std::string(100'000, '[')));
}

}  // namespace
}  // namespace sluice::handover
