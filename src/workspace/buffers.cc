#include "sluice/workspace/buffers.h"

#include "sluice/websocket/frame.h"

namespace sluice::workspace {

// The storage is not initialised: its pages cost nothing before they are used.
Buffers::Buffers() : storage_(std::make_unique_for_overwrite<Storage>()) {}

base::MutableBytes Buffers::ScratchFrame(size_t size) const {
  static_assert(websocket::kMaxServerHeader <= sizeof(Storage::head_room));
  return {scratch().data() - websocket::kMaxServerHeader, websocket::kMaxServerHeader + size};
}

}  // namespace sluice::workspace
