#include "sluice/net/byte_queue.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <list>

#include "net/block_cache.h"

namespace sluice::net {
namespace {

constexpr size_t kSmallestPiece = 1024;
constexpr size_t kLargestPiece = BlockCache::kBlockSize;

}  // namespace

/// A piece of memory and the bytes in it. The largest ones are blocks of the thread's cache.
class ByteQueue::Piece {
 public:
  /// Creates a piece of `size` bytes or more, kLargestPiece at most.
  explicit Piece(size_t size)
      : capacity_(std::bit_ceil(std::clamp(size, kSmallestPiece, kLargestPiece))),
        memory_(is_block() ? BlockCache::OfThread().Acquire() : new uint8_t[capacity_]) {}

  ~Piece() {
    if (is_block()) {
      BlockCache::OfThread().Release(memory_);
    } else {
      delete[] memory_;
    }
  }
  Piece(const Piece&) = delete;
  Piece& operator=(const Piece&) = delete;

  base::Bytes bytes() const { return {memory_ + begin_, end_ - begin_}; }

  /// Copies as many of the first of `bytes` as fit, and returns their number.
  size_t Append(base::Bytes bytes) {
    const size_t size = std::min(bytes.size(), capacity_ - end_);
    std::memcpy(memory_ + end_, bytes.data(), size);
    end_ += size;
    return size;
  }

  void Drop(size_t size) { begin_ += size; }

 private:
  bool is_block() const { return capacity_ == kLargestPiece; }

  size_t capacity_;
  size_t begin_ = 0;
  size_t end_ = 0;
  uint8_t* memory_;
};

struct ByteQueue::Content {
  std::list<Piece> pieces;  // No piece is empty.
  size_t size = 0;

  size_t Add(Piece& piece, base::Bytes bytes) {
    const size_t added = piece.Append(bytes);
    size += added;
    return added;
  }
};

ByteQueue::ByteQueue() = default;
ByteQueue::~ByteQueue() = default;
ByteQueue::ByteQueue(ByteQueue&&) noexcept = default;
ByteQueue& ByteQueue::operator=(ByteQueue&&) noexcept = default;

ByteQueue::Content& ByteQueue::content() {
  if (!content_) content_ = std::make_unique<Content>();
  return *content_;
}

size_t ByteQueue::size() const {
  return content_ ? content_->size : 0;
}

void ByteQueue::Clear() {
  content_.reset();
}

void ByteQueue::Append(base::Bytes bytes) {
  if (bytes.empty()) return;
  Content& to = content();
  if (!to.pieces.empty()) bytes = bytes.subspan(to.Add(to.pieces.back(), bytes));
  while (!bytes.empty()) {
    // As large as the existing content, so that many small appends do not create many pieces.
    Piece& piece = to.pieces.emplace_back(std::max(bytes.size(), to.size));
    bytes = bytes.subspan(to.Add(piece, bytes));
  }
}

void ByteQueue::Prepend(base::Bytes bytes) {
  if (bytes.empty()) return;
  Content& to = content();
  const auto first = to.pieces.begin();
  while (!bytes.empty()) {
    Piece& piece = *to.pieces.emplace(first, bytes.size());
    bytes = bytes.subspan(to.Add(piece, bytes));
  }
}

size_t ByteQueue::Peek(base::MutableBytes out) const {
  if (!content_) return 0;
  size_t copied = 0;
  for (const Piece& piece : content_->pieces) {
    const auto bytes = piece.bytes().first(std::min(piece.bytes().size(), out.size() - copied));
    std::copy(bytes.begin(), bytes.end(), out.begin() + static_cast<ptrdiff_t>(copied));
    copied += bytes.size();
    if (copied == out.size()) break;
  }
  return copied;
}

size_t ByteQueue::Take(base::MutableBytes out) {
  const size_t taken = Peek(out);
  Drop(taken);
  return taken;
}

void ByteQueue::Drop(size_t size) {
  while (size != 0) {
    Piece& piece = content_->pieces.front();
    const size_t dropped = std::min(size, piece.bytes().size());
    piece.Drop(dropped);
    if (piece.bytes().empty()) content_->pieces.pop_front();
    content_->size -= dropped;
    size -= dropped;
  }
  if (content_ && content_->size == 0) content_.reset();
}

IoResult ByteQueue::WriteTo(Stream& stream, size_t limit) {
  IoResult total;
  while (content_ && total.bytes < limit) {
    const base::Bytes first = content_->pieces.front().bytes();
    const size_t size = std::min(first.size(), limit - total.bytes);
    const IoResult written = stream.Write(first.first(size));
    if (written.status != IoResult::Status::kOk) {
      total.status = written.status;
      total.error = written.error;
      return total;
    }
    total.bytes += written.bytes;
    Drop(written.bytes);
    if (written.bytes < size) {
      total.status = IoResult::Status::kWouldBlock;
      return total;
    }
  }
  return total;
}

}  // namespace sluice::net
