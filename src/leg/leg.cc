#include "sluice/leg/leg.h"

namespace sluice::leg {

Output Leg::Broken() {
  stream_.Break();
  DropOutput();
  has_output_ = false;
  return {.status = Output::Status::kBroken};
}

bool Leg::Finish() {
  if (stream_.is_broken() || PrepareShutDown()) stream_.ShutDown();
  return stream_.has_ended() && stream_.HasSentEnd();
}

void Leg::Abandon() {
  stream_.StopReading();
  Broken();
}

}  // namespace sluice::leg
