// The blocks of memory that the queues of one thread are made of.
//
// A bulk session fills and empties its queue many times a second. A block that the system maps each
// time costs a page fault for each of its pages, and unmapping it costs as much again. So a thread
// keeps blocks for the next queue, and gives back those that no queue has needed for a while.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::net {

class IdleBlocksHandler {
 public:
  /// There are idle blocks: Trim is to be called after a while.
  virtual void OnIdleBlocks() = 0;

 protected:
  ~IdleBlocksHandler() = default;
};

/// Belongs to one thread.
class BlockCache {
 public:
  /// A compromise: a larger block is fewer writes, a smaller one holds less memory for few bytes.
  static constexpr size_t kBlockSize = size_t{64} * 1024;

  /// How many blocks are kept at most: 16 MiB.
  static constexpr size_t kMostIdle = 256;

  BlockCache() = default;
  ~BlockCache();
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;

  /// The cache of the calling thread. A block may be released on another thread.
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
  size_t fewest_idle_ = 0;  // Since the last Trim.
  IdleBlocksHandler* handler_ = nullptr;
  bool is_trim_requested_ = false;
};

}  // namespace sluice::net
