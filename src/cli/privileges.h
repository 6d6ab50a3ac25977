// From root to a user, when all that takes root has been done.
#pragma once

#include <string>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/settings/listener.h"
#include "sluice/settings/process.h"

namespace sluice::cli {

/// Forbids new privileges to this thread and to those that it starts: no program that is started
/// later, and no file with a set-user-id bit, brings root back. To be called for a configuration
/// with `user` before there are other threads, because it changes the calling thread alone. The
/// error is one sentence.
base::Result<void, std::string> ForbidNewPrivileges();

/// Becomes the user for good, with that user's groups. The sockets of Unix listeners without a user
/// or group of their own get the new one. No effect if the process is that user's already. The
/// error is one sentence. All threads.
base::Result<void, std::string> BecomeUser(const settings::User& user,
                                           const std::vector<settings::Listener>& listeners);

/// Whether the process has root's powers.
bool IsRoot();

}  // namespace sluice::cli
