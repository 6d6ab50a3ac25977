// Writes lines to a descriptor from a thread of its own, many at a time.
//
// A line wakes that thread only if it was at rest, and the thread then waits for a moment in which
// others may come: a busy gateway pays a lock and a copy for each line, and two system calls for
// each hundredth of a second. A logging library wakes its thread, and writes, for every single one,
// which was a seventh of what a short session cost.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

namespace sluice::cli {

class LineWriter {
 public:
  /// Lines that wait for a reader who has stalled, in bytes. What comes beyond is dropped.
  static constexpr size_t kMostWaiting = 4 * 1024 * 1024;

  /// `fd` outlives this. `tell_dropped` makes the line, without its end, that tells how many were
  /// dropped; it is called by the thread.
  LineWriter(int fd, std::function<std::string(uint64_t)> tell_dropped);

  /// Writes what waits, for as long as that takes.
  ~LineWriter();

  /// Any thread; never waits for the reader.
  void Write(std::string_view line);

 private:
  void Run();
  void WriteOut(std::string_view bytes) const;

  const int fd_;
  const std::function<std::string(uint64_t)> tell_dropped_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string waiting_;   // Guarded by mutex_, as are the next two.
  uint64_t dropped_ = 0;  // Lines, not told yet.
  bool ending_ = false;

  std::thread thread_;
};

}  // namespace sluice::cli
