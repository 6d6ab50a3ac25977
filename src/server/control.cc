#include "sluice/server/control.h"

namespace sluice::server {

void Question::OnReply() {
  if (--missing_ == 0) Finish();
}

void Question::OnTimer() {
  // The completion may withdraw this question and destroy it.
  const auto keep = shared_from_this();
  Finish();
}

void Question::Finish() {
  state_ = State::kComplete;
  timer_.Stop();
  Complete();
}

}  // namespace sluice::server
