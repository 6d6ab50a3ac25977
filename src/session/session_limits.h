// Bounds that no configuration changes.
#pragma once

#include <cstddef>

#include "sluice/base/clock.h"
#include "sluice/net/pipe.h"
#include "sluice/workspace/workspace.h"

namespace sluice::session {

/// From how many bytes in one read on the next one is spliced.
inline constexpr size_t kBulkRead = 32 * 1024;

/// The longest message of spliced payload: what clients take by default (the websockets library of
/// Python, max_size).
inline constexpr size_t kMaxSpliced = net::Pipe::kCapacity;

/// How long a backend may be silent before it has answered all messages that came before the
/// client's last frame; and how long it has in all if that frame broke the framing.
inline constexpr base::Duration kAnswerTimeout{500};

/// How long a client that broke the framing may take to go away.
inline constexpr base::Duration kBrokenClientTimeout{2'000};

/// How often a closing session is checked within the time in which it has to make progress. An
/// acknowledgement of a peer's kernel raises no event. So it is noticed late, by the time between
/// two checks at most.
inline constexpr int kClosingChecks = 16;

/// The loop's timers and EventLoop::Now may differ by this much. A timer whose handler compares a
/// time with EventLoop::Now is started for that much longer.
inline constexpr base::Duration kClockSlack{10};

}  // namespace sluice::session
