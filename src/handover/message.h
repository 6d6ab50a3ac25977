// The text in which a running sluice names its sockets to the process that takes over. It is the
// value of SLUICE_HANDOVER: a JSON object such as
//
//   {"told": 7, "listeners": [{"address": "127.0.0.1:80", "fd": 8}], "admin": 9}
//
// `told` is the socket that the new process writes to when it accepts, and `admin` may be missing.
// Old and new process may be of different versions, so that further members are ignored. Pure.
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
    settings::Endpoint listener;  ///< as the configuration of the running process has it
    int fd;
  };
  int told;
  std::vector<Socket> listeners;
  std::optional<int> admin;
};

std::string WriteMessage(const Message& message);

/// Accepts any text. No descriptor is in the result twice. The error is a sentence that says what
/// is not as expected.
base::Result<Message, std::string> ParseMessage(std::string_view text);

}  // namespace sluice::handover
