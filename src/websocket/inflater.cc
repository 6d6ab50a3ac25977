#include "sluice/websocket/inflater.h"

#include <algorithm>
#include <new>
#include <utility>

#include <zlib.h>

#include "sluice/websocket/deflate_negotiation.h"
#include "sluice/websocket/deflater.h"

namespace sluice::websocket {

Inflater::Inflater(ZlibPool& pool, int window_bits, bool context_takeover,
                   const InflateLimits& limits)
    : pool_(pool),
      // Clients that agreed to 256 bytes but let zlib choose use 512.
      window_bits_(std::max(window_bits, kMinDeflateWindowBits)),
      context_takeover_(context_takeover),
      limits_(limits) {}

Inflater::~Inflater() {
  if (stream_) pool_.Release(std::move(stream_));
}

Inflater::Output Inflater::Next(base::Bytes& in, bool ends_message, base::MutableBytes out) {
  if (!stream_) {
    if (in.empty()) return {};  // A message without bytes is empty.
    stream_ = pool_.AcquireInflate(window_bits_);
    at_boundary_ = true;
  }
  const uint64_t allowed =
      std::max(limits_.message, uint64_t{limits_.ratio} * (received_ + in.size()));
  // One byte above the limit is enough to detect the excess.
  if (allowed - inflated_ < out.size())
    out = out.first(static_cast<size_t>(allowed - inflated_) + 1);

  Output output;
  received_ += in.size();
  output.status = Run(in, out, output.size);
  received_ -= in.size();
  if (output.status == Status::kDone && ends_message) output.status = RunTail(out, output.size);
  inflated_ += output.size;
  if (output.status == Status::kCorrupt) return output;
  if (inflated_ > allowed) return {Status::kTooLarge, 0};
  if (output.status == Status::kDone && ends_message) EndMessage();
  return output;
}

Inflater::Status Inflater::Run(base::Bytes& in, base::MutableBytes out, size_t& size) {
  z_stream& z = *stream_;
  for (;;) {
    z.next_in = const_cast<Bytef*>(in.data());  // zlib only reads there.
    z.avail_in = static_cast<uInt>(in.size());
    z.next_out = out.data() + size;
    z.avail_out = static_cast<uInt>(out.size() - size);
    const int result = inflate(&z, Z_SYNC_FLUSH);
    // zlib reports 128 for "right after a block", plus the number of remaining bits; but a call
    // without progress resets it.
    const bool moved = z.avail_in != in.size() || z.avail_out != out.size() - size;
    if (moved) at_boundary_ = z.data_type == 128;
    in = in.last(z.avail_in);
    size = out.size() - z.avail_out;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END) return Status::kCorrupt;
    if (result == Z_STREAM_END) {
      // Unlike inflateReset, this keeps the window, to which the next block may refer.
      inflateResetKeep(&z);
      at_boundary_ = true;
    }
    if (size == out.size()) return Status::kMore;
    if (result != Z_STREAM_END || in.empty()) return Status::kDone;
  }
}

Inflater::Status Inflater::RunTail(base::MutableBytes out, size_t& size) {
  if (tail_used_ == 0 && at_boundary_) return Status::kDone;
  base::Bytes tail = base::Bytes(kDeflateTail).subspan(tail_used_);
  const Status status = Run(tail, out, size);
  tail_used_ = static_cast<uint8_t>(kDeflateTail.size() - tail.size());
  return status == Status::kDone && !at_boundary_ ? Status::kCorrupt : status;
}

void Inflater::EndMessage() {
  received_ = 0;
  inflated_ = 0;
  tail_used_ = 0;
  if (!context_takeover_) pool_.Release(std::move(stream_));
}

}  // namespace sluice::websocket
