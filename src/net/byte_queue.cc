#include "sluice/net/byte_queue.h"

#include <algorithm>
#include <new>

#include <event2/buffer.h>

namespace sluice::net {

void ByteQueue::Deleter::operator()(evbuffer* buffer) const {
  evbuffer_free(buffer);
}

evbuffer* ByteQueue::Buffer() {
  if (!buffer_) buffer_.reset(evbuffer_new());
  if (!buffer_) throw std::bad_alloc();  // As any allocation of ours; nothing catches it.
  return buffer_.get();
}

size_t ByteQueue::size() const {
  return buffer_ ? evbuffer_get_length(buffer_.get()) : 0;
}

void ByteQueue::Append(base::Bytes bytes) {
  if (bytes.empty()) return;
  if (evbuffer_add(Buffer(), bytes.data(), bytes.size()) != 0) throw std::bad_alloc();
}

void ByteQueue::Prepend(base::Bytes bytes) {
  if (bytes.empty()) return;
  if (evbuffer_prepend(Buffer(), bytes.data(), bytes.size()) != 0) throw std::bad_alloc();
}

size_t ByteQueue::Peek(base::MutableBytes out) const {
  if (!buffer_) return 0;
  const auto copied = evbuffer_copyout(buffer_.get(), out.data(), out.size());
  return copied > 0 ? static_cast<size_t>(copied) : 0;
}

size_t ByteQueue::Take(base::MutableBytes out) {
  if (!buffer_) return 0;
  const auto taken = evbuffer_remove(buffer_.get(), out.data(), out.size());
  if (evbuffer_get_length(buffer_.get()) == 0) buffer_.reset();
  return taken > 0 ? static_cast<size_t>(taken) : 0;
}

IoResult ByteQueue::WriteTo(Stream& stream, size_t limit) {
  IoResult total;
  while (buffer_ && total.bytes < limit) {
    evbuffer_iovec piece{};
    evbuffer_peek(buffer_.get(), -1, nullptr, &piece, 1);
    const size_t size = std::min(piece.iov_len, limit - total.bytes);
    const IoResult written = stream.Write({static_cast<const uint8_t*>(piece.iov_base), size});
    if (written.status != IoResult::Status::kOk) {
      total.status = written.status;
      total.error = written.error;
      return total;
    }
    total.bytes += written.bytes;
    evbuffer_drain(buffer_.get(), written.bytes);
    if (evbuffer_get_length(buffer_.get()) == 0) buffer_.reset();
    if (written.bytes < size) {
      total.status = IoResult::Status::kWouldBlock;
      return total;
    }
  }
  return total;
}

}  // namespace sluice::net
