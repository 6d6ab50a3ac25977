// Spans of bytes, and the views of text that the protocol code reads from them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::base {

using Bytes = std::span<const uint8_t>;
using MutableBytes = std::span<uint8_t>;

/// Returns the same bytes as text. The view lives as long as the bytes do.
inline std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Returns the same text as bytes. The span lives as long as the text does.
inline Bytes AsBytes(std::string_view text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

}  // namespace sluice::base
