// What signals do to this process, from its first moment on.
//
// SIGPIPE, SIGUSR1 and SIGXFSZ are ignored by every command: the failed write is reported where it
// happens, and sluice reopens no log file, which is what SIGUSR1 asks many servers for. SIGHUP and
// SIGUSR2 mean something to a running gateway, so they must not end one that is still starting:
// they wait until it can act on them. SIGTERM and SIGINT end a gateway that is starting at once.
#pragma once

namespace sluice::cli {

/// Ignores the signals that no command acts on. To be called before there are other threads.
void IgnoreSignals();

/// Keeps SIGHUP and SIGUSR2 pending until ReleaseSignals(). To be called before there are other
/// threads, which then never receive them.
void HoldSignals();
void ReleaseSignals();

}  // namespace sluice::cli
