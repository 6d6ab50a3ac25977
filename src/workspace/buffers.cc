#include "sluice/workspace/buffers.h"

namespace sluice::workspace {

// The storage is not initialised: its pages cost nothing before they are used.
Buffers::Buffers() : storage_(std::make_unique_for_overwrite<Storage>()) {}

}  // namespace sluice::workspace
