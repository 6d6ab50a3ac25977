// What is wrong with a message of a peer.
#pragma once

#include <string_view>

#include "sluice/base/cause.h"
#include "sluice/framing/message.h"

namespace sluice::leg {

/// The cause that ends the session, and a detail for the log.
struct MessageFault {
  base::Cause cause;
  std::string_view detail;  ///< static text
};

/// The fault for an error of the framing in a message of the client, or of the backend.
MessageFault FaultOfClient(framing::FramingError error);
MessageFault FaultOfBackend(framing::FramingError error);

}  // namespace sluice::leg
