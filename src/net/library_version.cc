#include "sluice/net/library_version.h"

#include <event2/event.h>

namespace sluice::net {

std::string LibeventVersion() {
  return event_get_version();
}

}  // namespace sluice::net
