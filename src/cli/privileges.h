// Switches from root to a user, after everything that needs root.
#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/settings/listener.h"
#include "sluice/settings/process.h"

namespace sluice::cli {

/// Forbids new privileges to this thread and to threads that it starts: no program that is started
/// later can get root again, not even one with a set-user-id bit. Called for a configuration with
/// `user` before there are other threads, because it changes the calling thread only. The error is
/// one sentence.
base::Result<void, std::string> ForbidNewPrivileges();

/// Switches all threads to the user for ever, with that user's groups. The sockets of Unix
/// listeners without a user or group of their own get the new one. No effect if the process already
/// has that user. The error is one sentence.
base::Result<void, std::string> BecomeUser(const settings::User& user,
                                           const std::vector<settings::Listener>& listeners);

/// Returns true if the process has the privileges of root.
bool IsRoot();

}  // namespace sluice::cli
