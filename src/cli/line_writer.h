// Writes lines to a descriptor from a thread of its own, many at a time.
//
// A line wakes the thread only if it is idle. The thread then waits for a moment and collects
// further lines. So a busy gateway needs a lock and a copy for each line, and two system calls for
// each hundredth of a second. A logging library wakes its thread, and writes, for each line: this
// was a seventh of the cost of a short session.
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
  /// The most bytes of lines that wait for a stalled reader. Further lines are dropped.
  static constexpr size_t kMostWaiting = 4 * 1024 * 1024;

  /// `fd` outlives this. `tell_dropped` returns the line, without its end, that reports the number
  /// of dropped lines; the thread calls it.
  LineWriter(int fd, std::function<std::string(uint64_t)> tell_dropped);

  /// Writes all waiting lines, however long that takes.
  ~LineWriter();

  /// Adds a line. Any thread. Never waits for the reader.
  void Write(std::string_view line);

 private:
  void Run();
  void WriteOut(std::string_view bytes) const;

  const int fd_;
  const std::function<std::string(uint64_t)> tell_dropped_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::string waiting_;   // Guarded by mutex_, as are the next two.
  uint64_t dropped_ = 0;  // Lines that were not reported yet.
  bool ending_ = false;

  std::thread thread_;
};

}  // namespace sluice::cli
