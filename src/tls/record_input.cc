#include "sluice/tls/record_input.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace sluice::tls {
namespace {

// A handshake is far shorter, including the client's certificates. A peer that sends that much at
// once without payload is attacking.
constexpr size_t kMostWithoutPayload = 128 * 1024;

}  // namespace

RecordInput::RecordInput(net::Stream& inner, Buffers& buffers, base::Bytes received)
    : inner_(inner), buffers_(buffers), kept_(received.begin(), received.end()) {}

void RecordInput::Begin(size_t limit) {
  std::copy(kept_.begin(), kept_.end(), buffers_.input_.begin());
  buffers_.received_ = buffers_.input_.first(kept_.size());
  buffers_.may_receive_ = std::min(limit, buffers_.input_.size());
  buffers_.without_payload_ = 0;
}

void RecordInput::Finish() {
  const base::Bytes rest = std::exchange(buffers_.received_, {});
  kept_ = std::vector<uint8_t>(rest.begin(), rest.end());
}

bool RecordInput::Receive() {
  if (!buffers_.received_.empty()) return true;
  if (has_ended() || buffers_.may_receive_ == 0) return false;
  if (buffers_.without_payload_ >= kMostWithoutPayload) {
    End(Status::kError, EPROTO);
    return false;
  }
  const net::IoResult got = inner_.Read(buffers_.input_.first(buffers_.may_receive_));
  buffers_.received_ = buffers_.input_.first(got.bytes);
  buffers_.without_payload_ += got.bytes;
  if (got.status == Status::kEnd || got.status == Status::kError) End(got.status, got.error);
  return got.status == Status::kOk;
}

size_t RecordInput::Consume(base::MutableBytes out) {
  if (!Receive()) return 0;
  base::Bytes& received = buffers_.received_;
  const size_t size = std::min(out.size(), received.size());
  std::memcpy(out.data(), received.data(), size);
  received = received.subspan(size);
  return size;
}

net::IoResult RecordInput::ReadEnd() {
  if (!has_ended()) return {Status::kWouldBlock, 0, 0};
  end_was_read_ = true;
  return end_;
}

}  // namespace sluice::tls
