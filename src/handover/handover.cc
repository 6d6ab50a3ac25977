#include "sluice/handover/handover.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <utility>

#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sluice/base/text.h"

#include "handover/message.h"

namespace sluice::handover {
namespace {

using base::Unexpected;

constexpr const char* kVariable = "SLUICE_HANDOVER";
constexpr int kFirstActivated = 3;  // SD_LISTEN_FDS_START of sd_listen_fds(3).
constexpr int kMostActivated = 1000;

// The time until the new process must accept connections.
constexpr base::Duration kReadyTimeout{60'000};

/// Returns the value of a variable and removes it, because it is not meant for child processes.
std::string ConsumeVariable(const char* name) {
  const char* const value = std::getenv(name);
  std::string text = value == nullptr ? "" : value;
  unsetenv(name);
  return text;
}

bool IsUnixSocket(int fd) {
  int domain = 0;
  socklen_t size = sizeof(domain);
  return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

base::Result<Inheritance, std::string> FromPredecessor(const std::string& text) {
  const auto message = ParseMessage(text);
  const auto fail = [](const std::string& why) {
    return Unexpected(std::string(kVariable) +
                      " in the environment is not from a running sluice: " + why);
  };
  if (!message) return fail(message.error());
  if (!IsUnixSocket(message->report_fd)) return fail("'told' is not a Unix socket");
  Inheritance inheritance;
  inheritance.ready = net::Fd(message->report_fd);
  fcntl(inheritance.ready.get(), F_SETFD, FD_CLOEXEC);
  for (const auto& [listener, fd] : message->listeners) {
    auto socket = net::Adopt(net::Fd(fd));
    if (!socket) return fail(socket.error());
    inheritance.listeners.push_back({listener, *std::move(socket)});
  }
  if (message->admin) {
    auto socket = net::Adopt(net::Fd(*message->admin));
    if (!socket) return fail(socket.error());
    inheritance.admin = *std::move(socket);
  }
  return inheritance;
}

base::Result<Inheritance, std::string> FromSystemd(const std::string& count) {
  const auto number = base::ParseNumber(count, kMostActivated);
  if (!number) return Unexpected("LISTEN_FDS is no number: '" + count + "'");
  Inheritance inheritance;
  for (int fd = kFirstActivated; fd < kFirstActivated + static_cast<int>(*number); ++fd) {
    auto socket = net::Adopt(net::Fd(fd));
    if (!socket) return Unexpected("socket activation: " + socket.error());
    const settings::Endpoint address = socket->address;
    inheritance.listeners.push_back({address, *std::move(socket)});
  }
  return inheritance;
}

/// Returns pointers to texts, which outlive them, in the form of exec(3).
std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (auto& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentWith(const std::string& variable) {
  std::vector<std::string> all = {variable};
  for (char** entry = environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
  return all;
}

/// Returns the path of the running program. After the file is replaced, the link names the deleted
/// file.
std::string OwnProgram() {
  std::array<char, PATH_MAX> path{};
  const ssize_t size = readlink("/proc/self/exe", path.data(), path.size());
  return size > 0 ? std::string(path.data(), static_cast<size_t>(size)) : std::string();
}

std::vector<std::string> OwnArguments() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> arguments;
  for (std::string argument; std::getline(file, argument, '\0');) arguments.push_back(argument);
  return arguments;
}

}  // namespace

// ---- The new process ----

base::Result<Inheritance, std::string> ReadInheritance() {
  const std::string handover = ConsumeVariable(kVariable);
  const std::string pid = ConsumeVariable("LISTEN_PID");
  const std::string count = ConsumeVariable("LISTEN_FDS");
  ConsumeVariable("LISTEN_FDNAMES");
  if (!handover.empty()) return FromPredecessor(handover);
  // The sockets may be meant for the parent process.
  if (pid == std::to_string(getpid()) && !count.empty()) return FromSystemd(count);
  return Inheritance();
}

void Inheritance::ReportReady() {
  if (!ready) return;
  // If the old process has ended, the report is not needed.
  [[maybe_unused]] const auto sent = write(ready.get(), "+", 1);
  ready.Reset();
}

// ---- The old one ----

Successor::Successor(net::EventLoop& loop, base::Log& log)
    : loop_(loop),
      log_(log),
      program_(OwnProgram()),
      arguments_(OwnArguments()),
      timer_(loop, *this) {}

Successor::~Successor() = default;

void Successor::Start(const std::vector<worker::OpenSockets>& listeners, int admin,
                      std::function<void()> ready) {
  if (pid_ != 0) return;
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) != 0) {
    Fail(std::string("cannot create a pair of sockets: ") + std::strerror(errno));
    return;
  }
  report_ = std::make_unique<net::TcpStream>(loop_, net::Fd(ends[0]));
  const net::Fd report_end(ends[1]);

  // posix_spawn clears close-on-exec of a descriptor that is duplicated onto itself.
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const auto pass = [&actions](int fd) {
    posix_spawn_file_actions_adddup2(&actions, fd, fd);
    return fd;
  };
  Message message{pass(report_end.get()), {}, {}};
  for (const auto& [address, fds] : listeners) {
    for (const int fd : fds) message.listeners.push_back({address, pass(fd)});
  }
  if (admin >= 0) message.admin = pass(admin);

  std::vector<std::string> environment =
      EnvironmentWith(std::string(kVariable) + '=' + WriteMessage(message));
  std::vector<std::string> arguments = arguments_;
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t all;  // The new process must not inherit ignored or blocked signals.
  sigfillset(&all);
  posix_spawnattr_setsigdefault(&attributes, &all);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  const int error = posix_spawn(&pid_, program_.c_str(), &actions, &attributes,
                                Pointers(arguments).data(), Pointers(environment).data());
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) {
    pid_ = 0;
    Fail("cannot start " + program_ + ": " + std::strerror(error));
    return;
  }
  log_.Write(base::LogLevel::kInfo, "handing_over", {{"program", program_}, {"pid", pid_}});
  ready_ = std::move(ready);
  timer_.Start(kReadyTimeout);
  report_->SetHandler(this);
}

void Successor::OnStreamReady() {
  std::array<uint8_t, 1> word{};
  const net::IoResult got = report_->Read(word);
  if (got.status == net::IoResult::Status::kWouldBlock) return;
  if (got.status != net::IoResult::Status::kOk) {
    Fail("the new process has ended before it was ready; its own log says why");
    return;
  }
  EndReport();
  log_.Write(base::LogLevel::kInfo, "handed_over", {{"pid", std::exchange(pid_, 0)}});
  std::exchange(ready_, nullptr)();
}

/// Stops listening to the process that was starting. Its stream is still on the stack, so it is
/// destroyed later and must not call this object again.
void Successor::EndReport() {
  timer_.Stop();
  if (!report_) return;
  report_->SetHandler(nullptr);
  loop_.DestroyLater(std::move(report_));
}

void Successor::OnTimer() {
  kill(pid_, SIGKILL);
  Fail("the new process was not ready in time");
}

void Successor::Cancel() {
  if (pid_ == 0) return;
  kill(pid_, SIGTERM);
  Fail("this process is stopping, so it has stopped the new one");
}

void Successor::Fail(const std::string& why) {
  EndReport();
  pid_ = 0;  // No waitpid: this process ignores SIGCHLD.
  log_.Write(base::LogLevel::kError, "handover_failed", {{"detail", why}});
}

void NotifySupervisor(const std::string& state) {
  const char* const place = std::getenv("NOTIFY_SOCKET");
  if (place == nullptr) return;
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  const size_t size = std::strlen(place);
  if (size < 2 || size >= sizeof(name.sun_path)) return;
  std::memcpy(name.sun_path, place, size);
  if (name.sun_path[0] == '@') name.sun_path[0] = '\0';  // An abstract socket.
  const net::Fd socket_fd(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket_fd) return;
  // An error cannot be handled here: the message is the only way to inform systemd.
  [[maybe_unused]] const auto sent =
      sendto(socket_fd.get(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
             reinterpret_cast<const sockaddr*>(&name),
             static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + size));
}

}  // namespace sluice::handover
