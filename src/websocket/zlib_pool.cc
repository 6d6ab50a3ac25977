#include "sluice/websocket/zlib_pool.h"

#include <algorithm>
#include <new>
#include <utility>

#include <zlib.h>

namespace sluice::websocket {
namespace {

// The lowest level with lazy matching: its output is at most 6 % larger than that of zlib's default
// (6), in less than half of the time.
constexpr int kLevel = 4;

// The negative sign makes zlib omit the header and checksum around the DEFLATE data.
int Raw(int window_bits) {
  return -window_bits;
}

}  // namespace

void EndDeflate::operator()(z_stream_s* stream) const {
  deflateEnd(stream);
  delete stream;
}

void EndInflate::operator()(z_stream_s* stream) const {
  inflateEnd(stream);
  delete stream;
}

DeflateStream ZlibPool::AcquireDeflate(const DeflateShape& shape) {
  // The state that was returned last is most likely in the CPU's cache.
  const auto found = std::find_if(deflate_.rbegin(), deflate_.rend(),
                                  [&](const IdleDeflate& idle) { return idle.shape == shape; });
  if (found != deflate_.rend()) {
    DeflateStream stream = std::move(found->stream);
    deflate_.erase(std::next(found).base());
    deflateReset(stream.get());
    return stream;
  }
  auto fresh = std::make_unique<z_stream>();
  if (deflateInit2(fresh.get(), kLevel, Z_DEFLATED, Raw(shape.window_bits), shape.memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  return DeflateStream(fresh.release());
}

InflateStream ZlibPool::AcquireInflate(int window_bits) {
  if (!inflate_.empty()) {
    InflateStream stream = std::move(inflate_.back());
    inflate_.pop_back();
    inflateReset2(stream.get(), Raw(window_bits));
    return stream;
  }
  auto fresh = std::make_unique<z_stream>();
  if (inflateInit2(fresh.get(), Raw(window_bits)) != Z_OK) throw std::bad_alloc();
  return InflateStream(fresh.release());
}

void ZlibPool::Release(DeflateStream stream, const DeflateShape& shape) {
  if (deflate_.size() == kMostIdle) deflate_.erase(deflate_.begin());
  deflate_.push_back({shape, std::move(stream)});
}

void ZlibPool::Release(InflateStream stream) {
  if (inflate_.size() < kMostIdle) inflate_.push_back(std::move(stream));
}

}  // namespace sluice::websocket
