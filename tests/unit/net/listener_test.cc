#include "sluice/net/listener.h"

#include <filesystem>
#include <fstream>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sluice/net/tcp_stream.h"

#include "net/run_loop.h"
#include "net/sockets.h"

namespace sluice::net {
namespace {

using testing::ConnectTo;
using testing::RunUntil;
using testing::Tcp;
using testing::Unix;

/// Takes what is accepted.
class Acceptor final : public AcceptHandler {
 public:
  void OnAccept(Fd fd, const Address& client) override {
    EXPECT_NE(fcntl(fd.get(), F_GETFL) & O_NONBLOCK, 0);
    EXPECT_NE(fcntl(fd.get(), F_GETFD) & FD_CLOEXEC, 0);
    fds.push_back(std::move(fd));
    clients.push_back(client);
  }
  void OnAcceptError(int error) override { errors.push_back(error); }

  std::vector<Fd> fds;
  std::vector<Address> clients;
  std::vector<int> errors;
};

/// A directory that goes with the test.
class ListenerTest : public ::testing::Test {
 protected:
  ListenerTest() {
    std::string name = ::testing::TempDir() + "sluiceXXXXXX";
    directory = mkdtemp(name.data());
  }
  ~ListenerTest() override { std::filesystem::remove_all(directory); }
  std::string Path(const char* name) const { return directory + "/" + name; }

  static Fd ConnectUnix(const std::string& path) {
    Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(name.sun_path, sizeof(name.sun_path) - 1);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)) != 0) fd.Reset();
    return fd;
  }

  static mode_t ModeOf(const std::string& path) {
    struct stat info {};
    EXPECT_EQ(lstat(path.c_str(), &info), 0) << path;
    return info.st_mode & ALLPERMS;
  }

  std::string directory;
  EventLoop loop;
  Acceptor acceptor;
};

TEST_F(ListenerTest, TellsThePortThatTheKernelChose) {
  auto socket = Listen(Tcp("127.0.0.1", 0));
  ASSERT_TRUE(socket) << socket.error();
  EXPECT_NE(socket->address.port, 0);
  EXPECT_EQ(socket->address.host, "127.0.0.1");
  const uint16_t port = socket->address.port;
  Listener listener(loop, *std::move(socket), acceptor);
  EXPECT_EQ(listener.address().port, port);

  const Fd client = ConnectTo(port);
  ASSERT_TRUE(client);
  ASSERT_TRUE(RunUntil(loop, [&] { return acceptor.fds.size() == 1; }));
  EXPECT_EQ(acceptor.clients[0].ToString(), "127.0.0.1:" + std::to_string(testing::PortOf(client)));
}

TEST_F(ListenerTest, ConnectionsInheritAFixedBuffer) {
  auto socket = Listen(Tcp("127.0.0.1", 0));
  ASSERT_TRUE(socket) << socket.error();
  const uint16_t port = socket->address.port;
  SetSocketBuffer(socket->fd.get(), 24 * 1024);
  Listener listener(loop, *std::move(socket), acceptor);
  const Fd client = ConnectTo(port);
  ASSERT_TRUE(RunUntil(loop, [&] { return acceptor.fds.size() == 1; }));
  for (const int name : {SO_RCVBUF, SO_SNDBUF}) {
    int size = 0;
    socklen_t length = sizeof(size);
    ASSERT_EQ(getsockopt(acceptor.fds[0].get(), SOL_SOCKET, name, &size, &length), 0);
    EXPECT_EQ(size, 48 * 1024);
  }
}

TEST_F(ListenerTest, AcceptsMoreThanOneTurnTakes) {
  auto socket = Listen(Tcp("127.0.0.1", 0));
  ASSERT_TRUE(socket) << socket.error();
  const uint16_t port = socket->address.port;
  Listener listener(loop, *std::move(socket), acceptor);
  std::vector<Fd> clients;
  for (int i = 0; i < 100; ++i) clients.push_back(ConnectTo(port));
  EXPECT_TRUE(RunUntil(loop, [&] { return acceptor.fds.size() == clients.size(); }));
  EXPECT_TRUE(acceptor.errors.empty());
}

TEST_F(ListenerTest, EveryAddressTakesIpv4Too) {
  auto socket = Listen(Tcp("::", 0));
  ASSERT_TRUE(socket) << socket.error();  // Falls back to 0.0.0.0 where there is no IPv6.
  const uint16_t port = socket->address.port;
  Listener listener(loop, *std::move(socket), acceptor);
  const Fd client = ConnectTo(port);
  ASSERT_TRUE(client);
  ASSERT_TRUE(RunUntil(loop, [&] { return acceptor.fds.size() == 1; }));
  EXPECT_EQ(acceptor.clients[0].ToString(), "127.0.0.1:" + std::to_string(testing::PortOf(client)));
}

TEST_F(ListenerTest, WorkersShareAPort) {
  auto first = Listen(Tcp("127.0.0.1", 0));
  ASSERT_TRUE(first) << first.error();
  auto second = ListenAgain(*first);
  ASSERT_TRUE(second) << second.error();
  EXPECT_EQ(second->address, first->address);
  const uint16_t port = first->address.port;
  Listener one(loop, *std::move(first), acceptor);
  Acceptor other_acceptor;
  Listener other(loop, *std::move(second), other_acceptor);
  std::vector<Fd> clients;
  for (int i = 0; i < 64; ++i) clients.push_back(ConnectTo(port));
  ASSERT_TRUE(RunUntil(
      loop, [&] { return acceptor.fds.size() + other_acceptor.fds.size() == clients.size(); }));
  EXPECT_FALSE(acceptor.fds.empty());
  EXPECT_FALSE(other_acceptor.fds.empty());
}

TEST_F(ListenerTest, APortInUseIsAnError) {
  auto first = Listen(Tcp("127.0.0.1", 0));
  ASSERT_TRUE(first) << first.error();
  const auto second = Listen(first->address);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "cannot listen on 127.0.0.1:" + std::to_string(first->address.port) +
                                ": Address already in use");
  // And free again when it is closed.
  first->fd.Reset();
  EXPECT_TRUE(Listen(first->address));
}

TEST_F(ListenerTest, AddressesThatCannotBe) {
  const auto name = Listen(Tcp("localhost", 0));
  ASSERT_FALSE(name);
  EXPECT_EQ(name.error(), "cannot listen on localhost:0: the host must be an IP address");
  const auto zone = Listen(Tcp("fe80::1%sluice-none", 80));
  ASSERT_FALSE(zone);
  EXPECT_EQ(zone.error(),
            "cannot listen on [fe80::1%sluice-none]:80: this machine has no network interface "
            "'sluice-none'; check the zone after the % of the address ('ip link' lists the "
            "interfaces)");
  EXPECT_FALSE(Listen(Tcp("192.0.2.1", 0))) << "not an address of this machine (TEST-NET-1)";
}

TEST_F(ListenerTest, UnixSocket) {
  const std::string path = Path("s");
  auto socket = Listen(Unix(path));
  ASSERT_TRUE(socket) << socket.error();
  auto again = ListenAgain(*socket);
  ASSERT_TRUE(again) << again.error();
  socket->fd.Reset();  // The other one goes on.
  Listener listener(loop, *std::move(again), acceptor);
  const Fd client = ConnectUnix(path);
  ASSERT_TRUE(client);
  ASSERT_TRUE(RunUntil(loop, [&] { return acceptor.fds.size() == 1; }));
  EXPECT_EQ(acceptor.clients[0].ToString(), "unix");
}

TEST_F(ListenerTest, AStaleSocketFileIsReplaced) {
  const std::string path = Path("s");
  { ASSERT_TRUE(Listen(Unix(path))); }
  ASSERT_TRUE(std::filesystem::is_socket(path)) << "left behind";
  auto socket = Listen(Unix(path));
  ASSERT_TRUE(socket) << socket.error();
  EXPECT_TRUE(ConnectUnix(path));
}

TEST_F(ListenerTest, ASocketFileInUseIsLeftAlone) {
  const std::string path = Path("s");
  const auto first = Listen(Unix(path));
  ASSERT_TRUE(first);
  const auto second = Listen(Unix(path));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), "cannot listen on unix:" + path + ": Address already in use");
  EXPECT_TRUE(ConnectUnix(path));
}

TEST_F(ListenerTest, AFileThatIsNoSocketIsNotRemoved) {
  const std::string path = Path("precious");
  std::ofstream(path) << "data";
  EXPECT_FALSE(Listen(Unix(path)));
  EXPECT_TRUE(std::filesystem::is_regular_file(path));
  const std::string link = Path("link");
  { ASSERT_TRUE(Listen(Unix(Path("s")))); }
  std::filesystem::create_symlink(Path("s"), link);
  EXPECT_FALSE(Listen(Unix(link)));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
}

TEST_F(ListenerTest, AUnixSocketHasTheModeThatWasAskedFor) {
  const mode_t umask_before = umask(027);
  const auto by_umask = Listen(Unix(Path("default")));
  const auto wide = Listen(Unix(Path("wide")), {.mode = 0666});
  const auto narrow = Listen(Unix(Path("narrow")), {.mode = 0600});
  umask(umask_before);
  ASSERT_TRUE(by_umask && wide && narrow);
  EXPECT_EQ(ModeOf(Path("default")), 0750u);
  EXPECT_EQ(ModeOf(Path("wide")), 0666u);
  EXPECT_EQ(ModeOf(Path("narrow")), 0600u);
  // As a reload does it.
  ASSERT_TRUE(SetSocketFile(Path("wide"), {.mode = 0440}));
  EXPECT_EQ(ModeOf(Path("wide")), 0440u);
  ASSERT_TRUE(SetSocketFile(Path("wide"), {.mode = 0606}));
  EXPECT_EQ(ModeOf(Path("wide")), 0606u);
  ASSERT_TRUE(SetSocketFile(Path("wide"), {}));
  EXPECT_EQ(ModeOf(Path("wide")), 0606u) << "unset: left as it is";
  EXPECT_TRUE(ConnectUnix(Path("wide")));
}

TEST_F(ListenerTest, AUnixSocketHasTheOwnerThatWasAskedFor) {
  const auto own = Listen(Unix(Path("own")), {.user = std::to_string(geteuid())});
  ASSERT_TRUE(own) << own.error();
  if (geteuid() != 0) {
    EXPECT_FALSE(Listen(Unix(Path("others")), {.user = "0"}));
    EXPECT_FALSE(std::filesystem::exists(Path("others"))) << "removed again";
    return;
  }
  const auto others = Listen(Unix(Path("others")), {.user = "nobody", .group = "12345"});
  ASSERT_TRUE(others) << others.error();
  struct stat info {};
  ASSERT_EQ(lstat(Path("others").c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 65534u);
  EXPECT_EQ(info.st_gid, 12345u);
}

TEST_F(ListenerTest, ASocketFileThatCannotBeSet) {
  const auto unknown = Listen(Unix(Path("s")), {.group = "no-such-group"});
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error(), "cannot set the mode and owner of unix:" + Path("s") +
                                 ": there is no group 'no-such-group' on this machine");
  EXPECT_FALSE(std::filesystem::exists(Path("s"))) << "removed again";
  EXPECT_FALSE(SetSocketFile(Path("s"), {.mode = 0666}));
  // Something else took the socket's place.
  std::ofstream(Path("file")) << "data";
  std::filesystem::create_symlink(Path("file"), Path("link"));
  const mode_t before = ModeOf(Path("file"));
  EXPECT_FALSE(SetSocketFile(Path("file"), {.mode = 0606}));
  EXPECT_FALSE(SetSocketFile(Path("link"), {.mode = 0606}));
  EXPECT_EQ(ModeOf(Path("file")), before);
}

TEST_F(ListenerTest, UnixPathsThatCannotBe) {
  EXPECT_FALSE(Listen(Unix(Path("no/such/directory"))));
  const auto too_long = Listen(Unix("/" + std::string(200, 'x')));
  ASSERT_FALSE(too_long);
  EXPECT_NE(too_long.error().find("File name too long"), std::string::npos);
}

TEST_F(ListenerTest, TriesAgainWhenNoDescriptorWasLeft) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan, built in together with ASan, looks at objects through a pipe of its own";
#endif
  auto socket = Listen(Tcp("127.0.0.1", 0));
  ASSERT_TRUE(socket) << socket.error();
  const uint16_t port = socket->address.port;
  Listener listener(loop, *std::move(socket), acceptor);
  const Fd client = ConnectTo(port);
  ASSERT_TRUE(client);

  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none{.rlim_cur = 0, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const bool told = RunUntil(loop, [&] { return !acceptor.errors.empty(); });
  testing::RunTurns(loop, 5);
  const size_t errors = acceptor.errors.size();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_TRUE(told);
  EXPECT_EQ(acceptor.errors[0], EMFILE);
  EXPECT_EQ(errors, 1u) << "looks away for a moment";
  EXPECT_TRUE(RunUntil(loop, [&] { return acceptor.fds.size() == 1; }));
}

}  // namespace
}  // namespace sluice::net
