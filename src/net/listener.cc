#include "sluice/net/listener.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sluice/net/account.h"
#include "sluice/net/tcp_stream.h"

namespace sluice::net {
namespace {

constexpr int kBacklog = 4096;       // The kernel lowers it to net.core.somaxconn.
constexpr int kAcceptsPerTurn = 64;  // So that a flood of connections does not starve sessions.
constexpr base::Duration kRetryDelay{100};

base::Unexpected<std::string> Failed(const settings::Endpoint& address, const std::string& why) {
  return base::Unexpected("cannot listen on " + address.ToString() + ": " + why);
}

base::Unexpected<std::string> Failed(const settings::Endpoint& address, int error) {
  return Failed(address, std::strerror(error));
}

Fd NewSocket(int family) {
  return Fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

void Enable(const Fd& fd, int level, int name, int value = 1) {
  [[maybe_unused]] const int result = setsockopt(fd.get(), level, name, &value, sizeof(value));
}

int OptionOf(const Fd& fd, int level, int name) {
  int value = 0;
  socklen_t size = sizeof(value);
  return getsockopt(fd.get(), level, name, &value, &size) == 0 ? value : -1;
}

base::Result<Fd, int> Bind(const Address& address, bool share_port) {
  Fd fd = NewSocket(address.family());
  if (!fd) return base::Unexpected(errno);
  Enable(fd, SOL_SOCKET, SO_REUSEADDR);
  if (share_port) Enable(fd, SOL_SOCKET, SO_REUSEPORT);
  // `[::]` means every address of the machine, whatever the system's default is.
  if (address.family() == AF_INET6) Enable(fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  ConfigureForRelay(fd);
  if (bind(fd.get(), address.get(), address.size()) != 0) return base::Unexpected(errno);
  return fd;
}

base::Result<ListeningSocket, std::string> Start(Fd fd, const settings::Endpoint& address) {
  if (listen(fd.get(), kBacklog) != 0) return Failed(address, errno);
  return ListeningSocket{std::move(fd), address};
}

/// Returns true if another process already listens there and shares the port, such as another
/// instance of sluice, which would silently get half the connections.
int OtherListener(const Address& address) {
  const auto probe = Bind(address, /*share_port=*/false);
  return probe ? 0 : probe.error();
}

base::Result<ListeningSocket, std::string> ListenTcp(const settings::Endpoint& endpoint) {
  const auto parsed = Address::Of(endpoint);
  if (!parsed) return Failed(endpoint, parsed.error());
  const auto& address = *parsed;
  if (!address) return Failed(endpoint, "the host must be an IP address");
  int error = endpoint.port == 0 ? 0 : OtherListener(*address);
  if (error == EAFNOSUPPORT && endpoint.host == "::") {
    // On a machine without IPv6, every address means every IPv4 address.
    settings::Endpoint v4 = endpoint;
    v4.host = "0.0.0.0";
    return ListenTcp(v4);
  }
  if (error != 0) return Failed(endpoint, error);

  auto fd = Bind(*address, /*share_port=*/true);
  if (!fd) return Failed(endpoint, fd.error());
  settings::Endpoint bound = endpoint;
  sockaddr_in6 name{};
  socklen_t size = sizeof(name);
  if (getsockname(fd->get(), reinterpret_cast<sockaddr*>(&name), &size) == 0) {
    bound.port = Address::From(reinterpret_cast<sockaddr*>(&name)).port();
  }
  return Start(*std::move(fd), bound);
}

base::Unexpected<std::string> FileFailed(const std::string& path, const std::string& why) {
  return base::Unexpected("cannot set the mode and owner of unix:" + path + ": " + why);
}

base::Result<ListeningSocket, std::string> ListenUnix(const settings::Endpoint& endpoint,
                                                      const settings::SocketFile& file) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (endpoint.host.size() >= sizeof(name.sun_path)) return Failed(endpoint, ENAMETOOLONG);
  endpoint.host.copy(name.sun_path, sizeof(name.sun_path) - 1);
  const auto* const address = reinterpret_cast<const sockaddr*>(&name);

  Fd fd = NewSocket(AF_UNIX);
  if (!fd) return Failed(endpoint, errno);
  if (bind(fd.get(), address, sizeof(name)) != 0) {
    if (errno != EADDRINUSE) return Failed(endpoint, errno);
    // A stale file refuses connections; a socket in use does not. Only sockets are ever removed.
    const Fd probe = NewSocket(AF_UNIX);
    struct stat info {};
    const bool stale = probe && connect(probe.get(), address, sizeof(name)) != 0 &&
                       errno == ECONNREFUSED && lstat(name.sun_path, &info) == 0 &&
                       S_ISSOCK(info.st_mode);
    if (!stale) return Failed(endpoint, EADDRINUSE);
    unlink(name.sun_path);
    if (bind(fd.get(), address, sizeof(name)) != 0) return Failed(endpoint, errno);
  }
  // Connections are refused until the socket listens.
  if (auto done = SetSocketFile(endpoint.host, file); !done) {
    unlink(name.sun_path);
    return base::Unexpected(std::move(done).error());
  }
  return Start(std::move(fd), endpoint);
}

}  // namespace

base::Result<ListeningSocket, std::string> Listen(const settings::Endpoint& address,
                                                  const settings::SocketFile& file) {
  return address.kind == settings::Endpoint::Kind::kUnix ? ListenUnix(address, file)
                                                         : ListenTcp(address);
}

base::Result<void, std::string> SetSocketFile(const std::string& path,
                                              const settings::SocketFile& file) {
  if (file == settings::SocketFile()) return {};
  struct stat info {};
  if (lstat(path.c_str(), &info) != 0) return FileFailed(path, std::strerror(errno));
  if (!S_ISSOCK(info.st_mode)) return FileFailed(path, "there is something else than a socket");
  const auto user = file.user.empty() ? info.st_uid : FindUserId(file.user);
  if (!user) return FileFailed(path, user.error());
  const auto group = file.group.empty() ? info.st_gid : FindGroupId(file.group);
  if (!group) return FileFailed(path, group.error());

  const mode_t old_mode = info.st_mode & ALLPERMS;
  const mode_t mode = file.mode.value_or(old_mode);
  const bool has_owner = info.st_uid == *user && info.st_gid == *group;
  // Neither call follows a symbolic link that has replaced the socket.
  const auto set_mode = [&path](mode_t wanted) {
    return fchmodat(AT_FDCWD, path.c_str(), wanted, AT_SYMLINK_NOFOLLOW) == 0;
  };
  const bool ok = (old_mode & mode) == old_mode || set_mode(old_mode & mode);
  if (!ok || (!has_owner && lchown(path.c_str(), *user, *group) != 0) ||
      ((old_mode & mode) != mode && !set_mode(mode))) {
    return FileFailed(path, std::strerror(errno));
  }
  return {};
}

base::Result<ListeningSocket, std::string> Adopt(Fd fd) {
  const auto not_one = [&fd](const std::string& what) {
    return base::Unexpected("descriptor " + std::to_string(fd.get()) + " " + what);
  };
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  auto* const address = reinterpret_cast<sockaddr*>(&name);
  if (getsockname(fd.get(), address, &size) != 0) return not_one("is no socket");
  if (OptionOf(fd, SOL_SOCKET, SO_TYPE) != SOCK_STREAM ||
      OptionOf(fd, SOL_SOCKET, SO_ACCEPTCONN) != 1) {
    return not_one("is no socket that listens for connections");
  }
  ListeningSocket socket;
  if (name.ss_family == AF_UNIX) {
    const auto* const path = reinterpret_cast<const sockaddr_un*>(&name)->sun_path;
    const size_t most = size - offsetof(sockaddr_un, sun_path);
    socket.address = {settings::Endpoint::Kind::kUnix, std::string(path, strnlen(path, most)), 0};
  } else {
    const Address bound = Address::From(address);
    const auto ip = bound.ip();
    if (!ip) return not_one("is of another kind than TCP and Unix sockets");
    char text[INET6_ADDRSTRLEN];
    const void* const bytes =
        name.ss_family == AF_INET
            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(&name)->sin_addr)
            : &reinterpret_cast<const sockaddr_in6*>(&name)->sin6_addr;
    inet_ntop(name.ss_family, bytes, text, sizeof(text));
    std::string host = text;
    if (bound.scope_id() != 0) host += '%' + ZoneOf(bound.scope_id());
    socket.address = {settings::Endpoint::Kind::kTcp, std::move(host), bound.port()};
  }
  if (fcntl(fd.get(), F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd.get(), F_SETFL, O_NONBLOCK) != 0) {
    return not_one(std::string("cannot be used: ") + std::strerror(errno));
  }
  ConfigureForRelay(fd);
  socket.fd = std::move(fd);
  return socket;
}

base::Result<ListeningSocket, std::string> ListenAgain(const ListeningSocket& first) {
  if (first.address.kind == settings::Endpoint::Kind::kTcp &&
      OptionOf(first.fd, SOL_SOCKET, SO_REUSEPORT) == 1) {
    // The interface of a link-local address may be gone.
    if (const auto address = Address::Of(first.address); address && *address) {
      auto fd = Bind(**address, /*share_port=*/true);
      if (fd) return Start(*std::move(fd), first.address);
    }
  }
  Fd fd(fcntl(first.fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!fd) return Failed(first.address, errno);
  return ListeningSocket{std::move(fd), first.address};
}

Listener::Listener(EventLoop& loop, ListeningSocket socket, AcceptHandler& handler)
    : loop_(loop), socket_(std::move(socket)), handler_(handler), retry_(loop, *this) {
  Watch();
}

void Listener::OnFdReady(int /*fd*/, bool /*readable*/, bool /*writable*/) {
  Accept();
}

void Listener::AcceptPending() {
  // Bounded, because new connections may arrive all the time.
  constexpr int kMostTurns = 1000;
  for (int i = 0; i < kMostTurns && Accept(); ++i) {
  }
}

/// Accepts the connections of one turn. Returns false if there are no more.
bool Listener::Accept() {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    sockaddr_storage name{};
    socklen_t size = sizeof(name);
    auto* const address = reinterpret_cast<sockaddr*>(&name);
    Fd fd(accept4(socket_.fd.get(), address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (fd) {
      handler_.OnAccept(std::move(fd), Address::From(address));
      continue;
    }
    // The client has left the backlog, or another worker has accepted it: not an error.
    if (errno == ECONNABORTED || errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
    // No descriptors or no memory. The connection stays in the backlog and would be reported again
    // at once, so pause accepting for a moment.
    handler_.OnAcceptError(errno);
    watch_.reset();
    retry_.Start(kRetryDelay);
    return false;
  }
  return true;
}

void Listener::OnTimer() {
  if (!Watch()) handler_.OnAcceptError(errno);
}

/// Starts to watch the socket. If that fails, returns false with errno, and a timer tries again.
bool Listener::Watch() {
  FdHandler& self = *this;
  watch_.emplace(loop_, socket_.fd.get(), /*to_read=*/true, /*to_write=*/false, self);
  if (watch_->ok()) return true;
  const int error = errno;
  retry_.Start(kRetryDelay);
  errno = error;
  return false;
}

}  // namespace sluice::net
