#include "dial/connection_attempt.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "dial/local_resources.h"

namespace sluice::dial {
namespace {

base::Cause CauseOf(int error) {
  if (IsLackOfResources(error)) return base::Cause::kLocalResources;
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

}  // namespace

ConnectionAttempt::ConnectionAttempt(net::EventLoop& loop, const Options& options,
                                     std::string where, std::string certificate_name,
                                     Callback callback)
    : loop_(loop),
      options_(options),
      where_(std::move(where)),
      certificate_name_(std::move(certificate_name)),
      callback_(std::move(callback)) {}

std::optional<Failure> ConnectionAttempt::Start(const sockaddr* address, socklen_t size) {
  address_ = net::Address::From(address);
  if (address_.scope_id() == 0 && address_.ip().value_or(base::IpAddress()).IsLinkLocal()) {
    return FailureOf(base::Cause::kBackendUnreachable,
                     "a link-local address needs a zone, which only a server of the configuration "
                     "can have");
  }
  net::Fd fd(socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return FailureOf(errno);
  net::ConfigureForRelay(fd);
  if (options_.socket_buffer != 0) net::SetSocketBuffer(fd.get(), options_.socket_buffer);
  if (connect(fd.get(), address, size) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    if (!IsLackOfResources(error, address, size)) return FailureOf(error);
    const bool has_no_port = error == EADDRNOTAVAIL || error == EAGAIN;
    return FailureOf(base::Cause::kLocalResources,
                     has_no_port ? "no local port is free" : std::strerror(error));
  }
  stream_ =
      std::make_unique<net::TcpStream>(loop_, std::move(fd), net::TcpStream::State::kConnecting);
  stream_->SetHandler(this);
  return std::nullopt;
}

Failure ConnectionAttempt::TimedOut() const {
  return tls_ ? FailureOf(base::Cause::kBackendTls, "the TLS handshake was not over in time")
              : FailureOf(ETIMEDOUT);
}

void ConnectionAttempt::OnStreamReady() {
  if (tls_) {
    ContinueTls();
  } else if (stream_->writable()) {
    OnConnected();
  }
}

void ConnectionAttempt::OnConnected() {
  if (const int error = stream_->ConnectError(); error != 0) {
    End(base::Unexpected(FailureOf(error)));
    return;
  }
  if (!options_.preamble.empty()) {
    const net::IoResult sent = stream_->Write(options_.preamble);
    // The buffer of a new connection has room for the complete preamble.
    if (sent.bytes != options_.preamble.size()) {
      End(base::Unexpected(FailureOf(sent.error != 0 ? sent.error : ENOBUFS)));
      return;
    }
  }
  if (!options_.tls) {
    End(std::unique_ptr<net::Stream>(std::move(stream_)));
    return;
  }
  tls_ = std::make_unique<tls::Stream>(std::move(stream_), options_.tls, certificate_name_,
                                       *options_.tls_buffers);
  tls_->SetHandler(this);
  ContinueTls();
}

void ConnectionAttempt::ContinueTls() {
  switch (tls_->ContinueHandshake()) {
    case net::TlsState::Handshake::kUnderWay:
      break;
    case net::TlsState::Handshake::kDone:
      End(std::unique_ptr<net::Stream>(std::move(tls_)));
      break;
    default:
      End(base::Unexpected(FailureOf(base::Cause::kBackendTls, tls_->tls()->failure)));
      break;
  }
}

void ConnectionAttempt::End(Dial::Outcome outcome) {
  if (outcome) outcome.value()->SetHandler(nullptr);
  // The callback may destroy this attempt, and with it itself.
  const auto callback = std::move(callback_);
  callback(*this, std::move(outcome));
}

Failure ConnectionAttempt::FailureOf(int error) const {
  return FailureOf(CauseOf(error), std::strerror(error));
}

Failure ConnectionAttempt::FailureOf(base::Cause cause, std::string_view why) const {
  const std::string where = where_.empty() ? address_.ToString() : where_;
  return {cause, where + ": " + std::string(why)};
}

}  // namespace sluice::dial
