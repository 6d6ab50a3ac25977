// A queue of bytes that a leg does not accept yet. An empty queue, the usual case, costs one
// pointer: its blocks have returned to the cache of the thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sluice/base/bytes.h"
#include "sluice/net/stream.h"

namespace sluice::net {

/// Belongs to one thread. The caller bounds what it appends.
class ByteQueue {
 public:
  ByteQueue();
  ~ByteQueue();
  ByteQueue(ByteQueue&&) noexcept;
  ByteQueue& operator=(ByteQueue&&) noexcept;

  bool empty() const { return content_ == nullptr; }
  size_t size() const;

  void Append(base::Bytes bytes);
  void Prepend(base::Bytes bytes);
  void Clear();

  /// Copies as many of the first bytes as fit into `out`. Returns their number.
  size_t Peek(base::MutableBytes out) const;

  /// Moves as many of the first bytes as fit into `out`. Returns their number.
  size_t Take(base::MutableBytes out);

  /// Writes at most `limit` of the first bytes to `stream` and removes the written bytes. kOk: all
  /// were written; kWouldBlock: the stream accepts no more for now.
  IoResult WriteTo(Stream& stream, size_t limit = SIZE_MAX);

 private:
  class Piece;
  struct Content;

  Content& content();
  void Drop(size_t size);

  std::unique_ptr<Content> content_;  // Null while the queue is empty.
};

}  // namespace sluice::net
