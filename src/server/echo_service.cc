#include "server/echo_service.h"

#include <array>
#include <utility>

#include "sluice/net/byte_queue.h"
#include "sluice/net/tcp_stream.h"

namespace sluice::server {

class EchoService::Connection final : public base::TableEntry,
                                      private net::StreamHandler,
                                      private net::EventLoop::Task {
 public:
  Connection(EchoService& service, net::Fd fd)
      : service_(service), stream_(service.loop_, std::move(fd)) {
    stream_.SetHandler(this);
  }

 private:
  using Status = net::IoResult::Status;
  static constexpr int kReadsPerTurn = 16;

  void RunTask() override { OnStreamReady(); }

  void OnStreamReady() override {
    // A posted task may still refer to a connection that has ended and waits for its destruction.
    if (over_ || Echo()) return;
    over_ = true;
    stream_.SetHandler(nullptr);
    service_.loop_.DestroyLater(service_.connections_.Take(*this));
  }

  /// Returns false if the connection has ended.
  bool Echo() {
    std::array<uint8_t, 64 * 1024> buffer;
    for (int reads = 0; reads < kReadsPerTurn; ++reads) {
      if (!queue_.empty()) {
        if (!stream_.writable()) return true;
        const Status status = queue_.WriteTo(stream_).status;
        if (status == Status::kError) return false;
        if (status == Status::kWouldBlock) return true;
      }
      if (ended_) return false;
      if (!stream_.readable()) return true;
      const net::IoResult got = stream_.Read(buffer);
      if (got.status == Status::kWouldBlock) return true;
      if (got.status == Status::kError) return false;
      if (got.status == Status::kEnd) ended_ = true;
      queue_.Append(base::Bytes(buffer).first(got.bytes));
    }
    // This is the main loop, which signals and the admin listener also use.
    service_.loop_.RunNextTurn(*this);
    return true;
  }

  EchoService& service_;
  net::TcpStream stream_;
  net::ByteQueue queue_;
  bool ended_ = false;  // The client's FIN has been read.
  bool over_ = false;
};

base::Result<std::unique_ptr<EchoService>, std::string> EchoService::Create(net::EventLoop& loop) {
  auto socket = net::Listen({settings::Endpoint::Kind::kTcp, "127.0.0.1", 0});
  if (!socket) return base::Unexpected("the echo service " + socket.error());
  return std::unique_ptr<EchoService>(new EchoService(loop, *std::move(socket)));
}

EchoService::EchoService(net::EventLoop& loop, net::ListeningSocket socket)
    : loop_(loop), listener_(loop, std::move(socket), *this) {}

EchoService::~EchoService() = default;

void EchoService::OnAccept(net::Fd fd, const net::Address& /*client*/) {
  connections_.Add(std::make_unique<Connection>(*this, std::move(fd)));
}

}  // namespace sluice::server
