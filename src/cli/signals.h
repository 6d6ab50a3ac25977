// The effect of signals on this process, from its start.
//
// Every command ignores SIGPIPE, SIGUSR1 and SIGXFSZ: a failed write is reported where it happens,
// and sluice has no log file to reopen, for which other servers use SIGUSR1. A running gateway acts
// on SIGHUP and SIGUSR2, so they must not end a gateway that is still starting: they stay pending
// until it can act on them. SIGTERM and SIGINT end a starting gateway at once.
#pragma once

namespace sluice::cli {

/// Ignores the signals that no command uses. Called before there are other threads.
void IgnoreSignals();

/// Keeps SIGHUP and SIGUSR2 pending until ReleaseSignals(). Called before there are other threads,
/// which then never receive them.
void HoldSignals();
void ReleaseSignals();

}  // namespace sluice::cli
