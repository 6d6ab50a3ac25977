#include "sluice/websocket/deflater.h"

#include <algorithm>
#include <utility>

#include <zlib.h>

namespace sluice::websocket {

Deflater::~Deflater() {
  if (stream_) pool_.Release(std::move(stream_), shape_);
}

Deflater::Output Deflater::Next(base::Bytes& in, bool ends_message, base::MutableBytes out) {
  if (!in_message_ && in.empty()) {
    if (!ends_message) return {0, true};
    // A flush without input after a flush writes nothing, so an empty message is written by hand
    // (section 7.2.3.6).
    out[0] = 0;
    return {1, true};
  }
  in_message_ = true;
  if (!stream_) stream_ = pool_.AcquireDeflate(shape_);

  std::copy_n(held_.begin(), held_size_, out.begin());
  z_stream& z = *stream_;
  z.next_in = const_cast<Bytef*>(in.data());  // zlib only reads there.
  z.avail_in = static_cast<uInt>(in.size());
  z.next_out = out.data() + held_size_;
  z.avail_out = static_cast<uInt>(out.size() - held_size_);
  // Z_BUF_ERROR only means that there is nothing to do; other errors are not possible.
  deflate(&z, ends_message ? Z_SYNC_FLUSH : Z_NO_FLUSH);
  in = in.last(z.avail_in);

  Output output{out.size() - z.avail_out, z.avail_out != 0};
  held_size_ = static_cast<uint8_t>(std::min(output.size, held_.size()));
  output.size -= held_size_;
  std::copy_n(out.begin() + static_cast<std::ptrdiff_t>(output.size), held_size_, held_.begin());
  if (output.done && ends_message) {
    held_size_ = 0;  // The held bytes are the tail.
    in_message_ = false;
    if (!context_takeover_) Release();
  }
  return output;
}

void Deflater::Release() {
  if (stream_ && !in_message_) pool_.Release(std::move(stream_), shape_);
}

}  // namespace sluice::websocket
