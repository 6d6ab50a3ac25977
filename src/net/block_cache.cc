#include "net/block_cache.h"

#include <algorithm>
#include <new>

#include <sys/mman.h>

namespace sluice::net {

// Blocks are mapped, not allocated: malloc would decide by itself whether to keep a freed block.
BlockCache::~BlockCache() {
  for (uint8_t* const block : idle_) munmap(block, kBlockSize);
}

BlockCache& BlockCache::OfThread() {
  thread_local BlockCache cache;
  return cache;
}

uint8_t* BlockCache::Acquire() {
  if (idle_.empty()) {
    void* const block =
        mmap(nullptr, kBlockSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (block == MAP_FAILED) throw std::bad_alloc();  // Like any other allocation.
    return static_cast<uint8_t*>(block);
  }
  uint8_t* const block = idle_.back();  // The last released block may still be in the CPU's cache.
  idle_.pop_back();
  fewest_idle_ = std::min(fewest_idle_, idle_.size());
  return block;
}

void BlockCache::Release(uint8_t* block) {
  if (idle_.size() == kMostIdle) {
    munmap(block, kBlockSize);
  } else {
    idle_.push_back(block);
    RequestTrim();
  }
}

void BlockCache::SetHandler(IdleBlocksHandler* handler) {
  handler_ = handler;
  is_trim_requested_ = false;
  RequestTrim();
}

void BlockCache::RequestTrim() {
  if (is_trim_requested_ || idle_.empty() || handler_ == nullptr) return;
  is_trim_requested_ = true;
  handler_->OnIdleBlocks();
}

void BlockCache::Trim() {
  const auto end = idle_.begin() + static_cast<ptrdiff_t>(fewest_idle_);
  for (auto block = idle_.begin(); block != end; ++block) munmap(*block, kBlockSize);
  idle_.erase(idle_.begin(), end);
  fewest_idle_ = idle_.size();
  is_trim_requested_ = false;
  RequestTrim();
}

}  // namespace sluice::net
