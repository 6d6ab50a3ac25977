// Bytes that a leg does not accept yet. A queue costs one pointer while it is empty, which it
// nearly always is: its blocks then return to the cache of the thread.
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

  /// Copies the first bytes into `out`, as many as there are and fit, without taking them.
  size_t Peek(base::MutableBytes out) const;

  /// The same, and takes them.
  size_t Take(base::MutableBytes out);

  /// Writes at most `limit` of the first bytes to `stream` and takes out what was written. kOk: all
  /// of them went; kWouldBlock: the stream has had enough for now.
  IoResult WriteTo(Stream& stream, size_t limit = SIZE_MAX);

 private:
  class Piece;
  struct Content;

  Content& content();
  void Drop(size_t size);

  std::unique_ptr<Content> content_;  // Null while the queue is empty.
};

}  // namespace sluice::net
