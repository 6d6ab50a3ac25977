// The blocks of memory of the queues of one thread.
//
// A bulk session fills and empties its queue many times a second. Mapping a block each time would
// cost a page fault for each of its pages, and unmapping it as much again. So a thread keeps blocks
// for the next queue, and returns those to the system that no queue has needed for a while.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::net {

class IdleBlocksHandler {
 public:
  /// Called when there are idle blocks. Call Trim after a while.
  virtual void OnIdleBlocks() = 0;

 protected:
  ~IdleBlocksHandler() = default;
};

/// Belongs to one thread.
class BlockCache {
 public:
  /// A compromise: larger blocks need fewer writes, smaller ones waste less memory for few bytes.
  static constexpr size_t kBlockSize = size_t{64} * 1024;

  /// The number of blocks that are kept at most: 16 MiB.
  static constexpr size_t kMostIdle = 256;

  BlockCache() = default;
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  /// Returns the cache of the calling thread. A block may be released on another thread.
  static BlockCache& OfThread();

  /// Returns a block of kBlockSize bytes, with any content.
  uint8_t* Acquire();
  void Release(uint8_t* block);

  /// The number of blocks that no queue uses.
  size_t idle() const { return idle_.size(); }

  /// Notifies `handler`, which may be null, when there is something to trim.
  void SetHandler(IdleBlocksHandler* handler);

  /// Returns those blocks to the system that have been idle since the last call.
  void Trim();

 private:
  void RequestTrim();

  std::vector<uint8_t*> idle_;
  size_t fewest_idle_ = 0;  // The minimum since the last Trim.
  IdleBlocksHandler* handler_ = nullptr;
  bool is_trim_requested_ = false;
};

}  // namespace sluice::net
