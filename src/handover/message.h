// The text that lists the sockets of a running sluice for the process that takes over. It is the
// value of SLUICE_HANDOVER: a JSON object such as
//
//   {"told": 7, "listeners": [{"address": "127.0.0.1:80", "fd": 8}], "admin": 9}
//
// `told` is the socket that the new process writes to when it accepts connections; `admin` is
// optional. The two processes may have different versions, so unknown members are ignored. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/settings/endpoint.h"

namespace sluice::handover {

struct Message {
  struct Socket {
    settings::Endpoint listener;  ///< the address in the configuration of the running process
    int fd;
  };
  int report_fd;  ///< `told`
  std::vector<Socket> listeners;
  std::optional<int> admin;
};

/// Returns the JSON object for `message`.
std::string WriteMessage(const Message& message);

/// Parses any text. No descriptor is in the result twice. The error is a sentence that names the
/// first fault.
base::Result<Message, std::string> ParseMessage(std::string_view text);

}  // namespace sluice::handover
