#include "cli/signals.h"

#include <csignal>
#include <initializer_list>

#include <signal.h>

namespace sluice::cli {
namespace {

sigset_t HeldSignals() {
  sigset_t held;
  sigemptyset(&held);
  sigaddset(&held, SIGHUP);
  sigaddset(&held, SIGUSR2);
  return held;
}

}  // namespace

void IgnoreSignals() {
  for (const int number : {SIGPIPE, SIGUSR1, SIGXFSZ}) std::signal(number, SIG_IGN);
}

void HoldSignals() {
  const sigset_t held = HeldSignals();
  pthread_sigmask(SIG_BLOCK, &held, nullptr);
}

void ReleaseSignals() {
  const sigset_t held = HeldSignals();
  pthread_sigmask(SIG_UNBLOCK, &held, nullptr);
}

}  // namespace sluice::cli
