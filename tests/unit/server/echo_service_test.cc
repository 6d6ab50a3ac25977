#include "server/echo_service.h"

#include <string>

#include <gtest/gtest.h>

#include "net/run_loop.h"
#include "net/sockets.h"

namespace sluice::server {
namespace {

using net::testing::Available;
using net::testing::RunUntil;

class EchoServiceTest : public ::testing::Test {
 protected:
  EchoServiceTest() {
    auto made = EchoService::Create(loop);
    EXPECT_TRUE(made) << made.error();
    service = *std::move(made);
  }
  net::Fd Connect() { return net::testing::ConnectTo(service->address().port); }

  net::EventLoop loop;
  std::unique_ptr<EchoService> service;
};

TEST_F(EchoServiceTest, SendsBackWhatComes) {
  const net::Fd client = Connect();
  ASSERT_TRUE(client);
  std::string back;
  for (const char* text : {"hello", " ", "world"}) {
    net::testing::SendAll(client, text);
    const size_t expected = back.size() + std::string_view(text).size();
    ASSERT_TRUE(RunUntil(loop, [&] { return (back += Available(client)).size() == expected; }));
  }
  EXPECT_EQ(back, "hello world");
}

TEST_F(EchoServiceTest, AnswersAFinWithAllBytesAndItsOwn) {
  const net::Fd client = Connect();
  net::testing::SendAll(client, "last words");
  shutdown(client.get(), SHUT_WR);
  std::string back;
  ASSERT_TRUE(RunUntil(loop, [&] {
    back += Available(client);
    return net::testing::AtEnd(client);
  }));
  EXPECT_EQ(back, "last words");
}

TEST_F(EchoServiceTest, AClientThatDoesNotReadLosesNothing) {
  const net::Fd client = Connect();
  const std::string piece(64 * 1024, 'x');
  size_t sent = 0, full = 0;
  // Until neither the client's socket nor the service takes any more.
  ASSERT_TRUE(RunUntil(loop, [&] {
    const ssize_t got = send(client.get(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (got > 0) sent += static_cast<size_t>(got);
    full = got > 0 ? 0 : full + 1;
    return full == 20;
  }));
  shutdown(client.get(), SHUT_WR);
  size_t received = 0;
  ASSERT_TRUE(RunUntil(loop, [&] {
    received += Available(client).size();
    return net::testing::AtEnd(client);
  }));
  EXPECT_EQ(received, sent);
}

TEST_F(EchoServiceTest, ClientsThatBreakOffDoNoHarm) {
  for (int i = 0; i < 5; ++i) {
    net::Fd client = Connect();
    net::testing::SendAll(client, "x");
    net::testing::ResetConnection(std::move(client));
  }
  const net::Fd client = Connect();
  net::testing::SendAll(client, "alive");
  std::string back;
  EXPECT_TRUE(RunUntil(loop, [&] { return (back += Available(client)) == "alive"; }));
}

TEST_F(EchoServiceTest, DestroyedWithClientsConnected) {
  const net::Fd client = Connect();
  net::testing::SendAll(client, "x");
  std::string back;
  ASSERT_TRUE(RunUntil(loop, [&] { return !(back += Available(client)).empty(); }));
  service.reset();
  EXPECT_TRUE(RunUntil(loop, [&] { return net::testing::AtEnd(client); }));
}

}  // namespace
}  // namespace sluice::server
