#include "sluice/tls/record_output.h"

#include <algorithm>
#include <utility>

namespace sluice::tls {

void RecordOutput::Append(base::Bytes bytes) {
  if (buffers_.gathered_ + bytes.size() > buffers_.output_.size()) Flush();
  if (has_kept() || bytes.size() > buffers_.output_.size()) {
    kept_.Append(buffers_.output_.first(std::exchange(buffers_.gathered_, 0)));
    kept_.Append(bytes);
    return;
  }
  const auto free = buffers_.output_.subspan(buffers_.gathered_);
  std::copy(bytes.begin(), bytes.end(), free.begin());
  buffers_.gathered_ += bytes.size();
}

void RecordOutput::Flush() {
  base::Bytes bytes = buffers_.output_.first(std::exchange(buffers_.gathered_, 0));
  if (!bytes.empty() && !has_kept() && inner_.writable() && shutdown_ != Shutdown::kDone) {
    const net::IoResult sent = inner_.Write(bytes);
    bytes = bytes.subspan(sent.bytes);
    if (sent.status == net::IoResult::Status::kError) Fail(sent.error);
  }
  // Nothing is sent after our FIN, but OpenSSL may still answer a key update.
  if (error_ == 0 && shutdown_ != Shutdown::kDone) kept_.Append(bytes);
}

void RecordOutput::SendKept() {
  if (!has_kept() || !inner_.writable()) return;
  const net::IoResult sent = kept_.WriteTo(inner_);
  if (sent.status == net::IoResult::Status::kError) Fail(sent.error);
  FinishShutdown();
}

void RecordOutput::ShutdownWrite() {
  shutdown_ = Shutdown::kDue;
  FinishShutdown();
}

void RecordOutput::FinishShutdown() {
  if (shutdown_ != Shutdown::kDue || has_kept()) return;
  shutdown_ = Shutdown::kDone;
  inner_.ShutdownWrite();
}

// A write leaves at most one chunk unsent; the rest of this bound is for answers to key updates.
bool RecordOutput::is_full() const {
  return kept_.size() > 2 * buffers_.output_.size();
}

void RecordOutput::Fail(int error) {
  error_ = error;
  kept_.Clear();
}

}  // namespace sluice::tls
