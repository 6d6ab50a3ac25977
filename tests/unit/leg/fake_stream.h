// A leg of a session without a socket. The stream goes to the session; the test keeps the peer at
// its other end, says how much is taken and given at a time, and sees what was written.
//
// Readiness is as in net/stream.h: it is remembered until a call has used it up, and the handler is
// told only when it comes anew.
#pragma once

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <unistd.h>

#include "sluice/base/bytes.h"
#include "sluice/net/pipe.h"
#include "sluice/net/stream.h"

namespace sluice::leg::testing {

/// Breaks the stream at whose expense the `fail_at`th read or write of all that share it is made.
struct FaultPlan {
  size_t calls = 0;
  size_t fail_at = SIZE_MAX;
  bool IsDue() { return ++calls == fail_at; }
};

/// Outlives its stream.
class FakePeer {
 public:
  explicit FakePeer(FaultPlan* faults = nullptr) : faults_(faults) {}
  FakePeer(const FakePeer&) = delete;
  FakePeer& operator=(const FakePeer&) = delete;

  /// The one stream to this peer.
  std::unique_ptr<net::Stream> Connect();

  // What the peer does. Each tells the session at once.
  void Send(std::string_view bytes) {
    incoming_ += bytes;
    TellReadable();
  }
  /// Sends its FIN behind what it has sent.
  void End() {
    ended_ = true;
    TellReadable();
  }
  void SendAndEnd(std::string_view bytes) {
    incoming_ += bytes;
    End();
  }
  /// Resets the connection: what it has sent can still be read, then comes the error.
  void Reset() {
    Break();
    read_error_ = true;
    Tell();
  }
  /// Takes `bytes` more; SIZE_MAX: all from now on.
  void Take(size_t bytes = SIZE_MAX) {
    room_ = bytes == SIZE_MAX ? bytes : room_ + bytes;
    if (room_ == 0 || writable_) return;
    writable_ = true;
    Tell();
  }
  /// Takes nothing more until told to.
  void TakeNothing() { room_ = 0; }

  /// What one read or write does at most.
  size_t max_read = SIZE_MAX;
  size_t max_write = SIZE_MAX;
  size_t unacknowledged = 0;
  bool can_splice = false;
  bool silent = false;      ///< its host does not answer any more
  bool has_unsent = false;  ///< what was written has not all left the stream
  std::optional<net::TlsState> tls = std::nullopt;

  // What was seen of the stream.
  const std::string& written() const { return written_; }
  size_t reads() const { return reads_; }
  size_t writes() const { return writes_; }
  size_t progress_queries() const { return progress_queries_; }
  size_t spliced() const { return spliced_; }  ///< bytes that went through pipes, either way
  bool is_open() const { return stream_ != nullptr; }
  bool fin_seen() const { return fin_seen_; }
  bool end_was_read() const { return end_read_; }
  size_t unread() const { return incoming_.size() - taken_; }
  /// The number of bytes that had been written when the FIN came.
  size_t written_before_fin() const { return written_before_fin_; }

  /// Reports readiness that the kernel would report by now. Whether there was any.
  bool Poke() {
    if (stream_ == nullptr) return false;
    if (std::exchange(broke_in_write_, false)) {
      Tell();
      return true;
    }
    if (writable_ || room_ == 0) return false;
    writable_ = true;
    Tell();
    return true;
  }

 private:
  class FakeStream;

  static constexpr size_t kPipeSize = 60 * 1024;  // A page short of what every pipe takes.

  bool has_input() const { return taken_ < incoming_.size() || ended_; }

  void Tell() {
    if (stream_ != nullptr && handler_ != nullptr) handler_->OnStreamReady();
  }
  void TellReadable() {
    readable_ = true;
    Tell();
  }
  void Break() {
    broken_ = true;
    ended_ = true;
    readable_ = writable_ = true;
  }

  net::IoResult Read(base::MutableBytes buffer);
  net::IoResult Write(base::Bytes bytes);
  net::IoResult ReadInto(net::Pipe& pipe, size_t limit);
  net::IoResult WriteFrom(base::Bytes head, net::Pipe& pipe);

  FaultPlan* const faults_;
  net::Stream* stream_ = nullptr;
  net::StreamHandler* handler_ = nullptr;
  std::string incoming_;
  size_t taken_ = 0;
  std::string written_;
  size_t room_ = SIZE_MAX;
  size_t reads_ = 0;
  size_t writes_ = 0;
  size_t progress_queries_ = 0;
  size_t spliced_ = 0;
  size_t written_before_fin_ = 0;
  bool readable_ = false;
  bool writable_ = true;
  bool ended_ = false;   // The peer's FIN stands behind incoming_.
  bool broken_ = false;  // Writes fail.
  bool must_copy_ = false;
  bool broke_in_write_ = false;
  bool read_error_ = false;  // An error stands in the place of the FIN; told once.
  bool fin_seen_ = false;
  bool end_read_ = false;
};

class FakePeer::FakeStream final : public net::Stream {
 public:
  explicit FakeStream(FakePeer& peer) : peer_(peer) { peer_.stream_ = this; }
  ~FakeStream() override { peer_.stream_ = nullptr; }

  void SetHandler(net::StreamHandler* handler) override { peer_.handler_ = handler; }
  net::IoResult Read(base::MutableBytes buffer) override { return peer_.Read(buffer); }
  net::IoResult Write(base::Bytes bytes) override { return peer_.Write(bytes); }
  bool can_splice() const override { return peer_.can_splice; }
  bool can_read_into() const override { return peer_.can_splice && !peer_.must_copy_; }
  net::IoResult ReadInto(net::Pipe& pipe, size_t limit) override {
    return peer_.ReadInto(pipe, limit);
  }
  net::IoResult WriteFrom(base::Bytes head, net::Pipe& pipe) override {
    return peer_.WriteFrom(head, pipe);
  }
  void ShutdownWrite() override {
    EXPECT_FALSE(peer_.fin_seen_) << "a leg is shut down once";
    peer_.fin_seen_ = true;
    peer_.written_before_fin_ = peer_.written_.size();
  }
  size_t UnacknowledgedBytes() const override {
    ++peer_.progress_queries_;
    return peer_.unacknowledged;
  }
  uint64_t bytes_written() const override { return peer_.written_.size(); }
  bool IsPeerSilent(base::Duration) const override { return peer_.silent; }
  bool HasUnsent() const override { return peer_.has_unsent; }
  std::string_view failure() const override {
    return peer_.tls ? std::string_view(peer_.tls->failure) : std::string_view();
  }
  const net::TlsState* tls() const override { return peer_.tls ? &*peer_.tls : nullptr; }
  bool readable() const override { return peer_.readable_; }
  bool writable() const override { return peer_.writable_; }

 private:
  FakePeer& peer_;
};

inline std::unique_ptr<net::Stream> FakePeer::Connect() {
  return std::make_unique<FakeStream>(*this);
}

inline net::IoResult FakePeer::Read(base::MutableBytes buffer) {
  using Status = net::IoResult::Status;
  EXPECT_FALSE(buffer.empty()) << "a read of nothing cannot be told from the end";
  EXPECT_FALSE(end_read_) << "nothing may be read behind the end";
  ++reads_;
  if (faults_ != nullptr && faults_->IsDue()) {
    incoming_.resize(taken_);
    Break();
    read_error_ = true;
  }
  if (taken_ < incoming_.size()) {
    const size_t left = incoming_.size() - taken_;
    const size_t size = std::min({buffer.size(), left, max_read});
    std::copy_n(incoming_.begin() + static_cast<ptrdiff_t>(taken_), size, buffer.begin());
    taken_ += size;
    if (size < buffer.size() && !has_input()) readable_ = false;
    return {Status::kOk, size, 0};
  }
  readable_ = false;
  if (!ended_) return {Status::kWouldBlock, 0, 0};
  end_read_ = true;
  if (std::exchange(read_error_, false)) return {Status::kError, 0, ECONNRESET};
  return {Status::kEnd, 0, 0};
}

inline net::IoResult FakePeer::Write(base::Bytes bytes) {
  using Status = net::IoResult::Status;
  EXPECT_FALSE(bytes.empty());
  EXPECT_FALSE(fin_seen_) << "nothing may be written behind the FIN";
  ++writes_;
  if (faults_ != nullptr && faults_->IsDue()) {
    Break();
    broke_in_write_ = true;
  }
  if (broken_) {
    writable_ = false;
    return {Status::kError, 0, EPIPE};
  }
  const size_t size = std::min({bytes.size(), room_, max_write});
  if (size < bytes.size()) writable_ = false;
  if (size == 0) return {Status::kWouldBlock, 0, 0};
  written_ += base::AsText(bytes.first(size));
  if (room_ != SIZE_MAX) room_ -= size;
  return {Status::kOk, size, 0};
}

// The pipes are real ones, and may hold less than they are asked to.
inline net::IoResult FakePeer::ReadInto(net::Pipe& pipe, size_t limit) {
  EXPECT_TRUE(pipe.empty());
  if (taken_ == incoming_.size() && ended_) {
    must_copy_ = true;  // As the real stream: only Read returns the end.
    return {net::IoResult::Status::kWouldBlock, 0, 0};
  }
  std::string bytes(std::min(limit, size_t{kPipeSize}), '\0');
  net::IoResult got = Read({reinterpret_cast<uint8_t*>(bytes.data()), bytes.size()});
  if (got.status != net::IoResult::Status::kOk) return got;
  EXPECT_EQ(::write(pipe.write_end(), bytes.data(), got.bytes), static_cast<ssize_t>(got.bytes));
  pipe.Added(got.bytes);
  spliced_ += got.bytes;
  return got;
}

inline net::IoResult FakePeer::WriteFrom(base::Bytes head, net::Pipe& pipe) {
  EXPECT_FALSE(head.empty() && pipe.empty());
  net::IoResult total;
  if (!head.empty()) {
    total = Write(head);
    if (total.status != net::IoResult::Status::kOk || total.bytes < head.size()) return total;
  }
  while (!pipe.empty() && writable_) {
    std::array<uint8_t, 4096> piece;
    const size_t size = std::min({pipe.size(), piece.size(), room_, max_write});
    if (size == 0) {
      writable_ = false;
      break;
    }
    EXPECT_EQ(::read(pipe.read_end(), piece.data(), size), static_cast<ssize_t>(size));
    const net::IoResult sent = Write(base::Bytes(piece).first(size));
    if (sent.status != net::IoResult::Status::kOk) return sent;
    pipe.Taken(size);
    total.bytes += size;
    spliced_ += size;
  }
  if (total.bytes == 0) return {net::IoResult::Status::kWouldBlock, 0, 0};
  return total;
}

}  // namespace sluice::leg::testing
