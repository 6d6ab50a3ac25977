#include "sluice/net/dialer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/un.h>

namespace sluice::net {
namespace {

base::Cause CauseOf(int error) {
  switch (error) {
    case ECONNREFUSED:
    case ECONNRESET:
    case EAGAIN:  // A Unix socket whose backlog is full.
      return base::Cause::kBackendRefused;
    case ETIMEDOUT:
      return base::Cause::kBackendConnectTimeout;
    default:
      return base::Cause::kBackendUnreachable;
  }
}

int Rank(base::Cause cause) {
  switch (cause) {
    case base::Cause::kBackendTls:
      return 3;
    case base::Cause::kBackendRefused:
      return 2;
    case base::Cause::kBackendConnectTimeout:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

Dial::Dial(EventLoop& loop, Resolver& resolver, const config::Endpoint& server, DialOptions options,
           Callback callback)
    : loop_(loop),
      resolver_(resolver),
      server_(server),
      options_(std::move(options)),
      deadline_(EventLoop::Now() + options_.timeout),
      has_deadline_(options_.timeout.count() > 0),
      callback_(std::move(callback)),
      timer_(loop, *this) {
  Start();
  starting_ = false;
}

void Dial::Start() {
  if (server_.kind == config::Endpoint::Kind::kUnix) {
    TryAddresses({Address()});
    return;
  }
  // A literal address needs nobody to ask, and no turn of the loop to be told.
  if (const auto literal = Address::Parse(server_.host, server_.port)) {
    TryAddresses({*literal});
    return;
  }
  query_ = resolver_.Resolve(server_.host, server_.port,
                             [this](Resolver::Answer answer) { OnResolved(std::move(answer)); });
  if (has_deadline_) timer_.Start(deadline_ - EventLoop::Now());
}

void Dial::OnResolved(Resolver::Answer answer) {
  timer_.Stop();
  if (!answer) {
    Fail(base::Cause::kBackendUnresolved, server_.host + ": " + answer.error());
    return;
  }
  if (answer->empty()) {
    Fail(base::Cause::kBackendUnresolved, server_.host + ": the name has no address");
    return;
  }
  TryAddresses(*std::move(answer));
}

/// One or more.
void Dial::TryAddresses(std::vector<Address> addresses) {
  const std::string first = addresses.front().ToString();
  if (options_.may_dial) std::erase_if(addresses, std::not_fn(options_.may_dial));
  if (addresses.empty()) {
    Fail(base::Cause::kTargetNotAllowed, server_.ToString() + ": " + first + " is not allowed");
    return;
  }
  addresses_ = std::move(addresses);
  TryNextAddress();
}

void Dial::TryNextAddress() {
  if (has_deadline_) {
    const auto left = std::max(deadline_ - EventLoop::Now(), base::Duration(1));
    timer_.Start(left / static_cast<int64_t>(addresses_.size() - next_address_));
  }
  if (server_.kind == config::Endpoint::Kind::kUnix) {
    ConnectUnix();
    return;
  }
  const Address& address = addresses_[next_address_];
  Connect(address.family(), address.get(), address.size());
}

void Dial::ConnectUnix() {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (server_.host.size() >= sizeof(name.sun_path)) {
    AttemptFailed(ENAMETOOLONG);
    return;
  }
  server_.host.copy(name.sun_path, sizeof(name.sun_path) - 1);
  Connect(AF_UNIX, reinterpret_cast<const sockaddr*>(&name), sizeof(name));
}

void Dial::Connect(int family, const sockaddr* address, socklen_t size) {
  Fd fd(socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) {
    AttemptFailed(errno);
    return;
  }
  ConfigureForRelay(fd);
  if (connect(fd.get(), address, size) != 0 && errno != EINPROGRESS) {
    AttemptFailed(errno);
    return;
  }
  stream_ = std::make_unique<TcpStream>(loop_, std::move(fd));
  stream_->SetHandler(this);
}

void Dial::OnStreamReady() {
  if (tls_) {
    ContinueTls();
  } else if (stream_->writable()) {
    OnConnected();
  }
}

void Dial::OnConnected() {
  if (const int error = stream_->ConnectError(); error != 0) {
    AttemptFailed(error);
    return;
  }
  if (!options_.preamble.empty()) {
    const IoResult sent = stream_->Write(options_.preamble);
    // The buffer of a new connection has room for far more.
    if (sent.bytes != options_.preamble.size()) {
      AttemptFailed(sent.error != 0 ? sent.error : ENOBUFS);
      return;
    }
  }
  if (!options_.tls) {
    Succeed(std::move(stream_));
    return;
  }
  const auto& name = options_.tls_server_name;
  tls_ = std::make_unique<TlsStream>(std::move(stream_), options_.tls,
                                     name.empty() ? server_.host : name, *options_.tls_buffers);
  tls_->SetHandler(this);
  ContinueTls();
}

void Dial::ContinueTls() {
  switch (tls_->ContinueHandshake()) {
    case TlsState::Handshake::kUnderWay:
      break;
    case TlsState::Handshake::kDone:
      Succeed(std::move(tls_));
      break;
    default:
      AttemptFailed(base::Cause::kBackendTls, tls_->tls()->failure);
      break;
  }
}

void Dial::Succeed(std::unique_ptr<Stream> stream) {
  timer_.Stop();
  stream->SetHandler(nullptr);
  const auto callback = std::move(callback_);
  callback(std::move(stream));
}

void Dial::OnTimer() {
  if (query_ && addresses_.empty()) {
    Fail(base::Cause::kBackendConnectTimeout, server_.host + ": the name was not resolved in time");
  } else if (tls_) {
    AttemptFailed(base::Cause::kBackendTls, "the TLS handshake was not over in time");
  } else {
    AttemptFailed(ETIMEDOUT);
  }
}

void Dial::AttemptFailed(int error) {
  AttemptFailed(CauseOf(error), std::strerror(error));
}

void Dial::AttemptFailed(base::Cause cause, std::string_view why) {
  const std::string reason(why);
  stream_.reset();
  tls_.reset();
  if (Rank(cause) > Rank(worst_)) worst_ = cause;
  const std::string where = server_.kind == config::Endpoint::Kind::kUnix
                                ? server_.ToString()
                                : addresses_[next_address_].ToString();
  if (++next_address_ < addresses_.size()) {
    TryNextAddress();
  } else {
    Fail(worst_, where + ": " + reason);
  }
}

void Dial::Fail(base::Cause cause, std::string detail) {
  timer_.Stop();
  query_.reset();  // Or its answer could still come before this is destroyed.
  failure_ = DialFailure{cause, std::move(detail)};
  if (starting_) {
    loop_.RunNextTurn(*this);
  } else {
    RunTask();
  }
}

void Dial::RunTask() {
  const auto callback = std::move(callback_);
  callback(base::Unexpected(*std::move(failure_)));
}

}  // namespace sluice::net
