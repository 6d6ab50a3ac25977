// Sends one request to an admin listener, for `sluice healthcheck`.
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/settings/endpoint.h"

namespace sluice::admin {

/// Requests `path`, which begins with '/', from the admin listener on `admin` and returns the body
/// of a 200. For 0.0.0.0 and ::, it connects to 127.0.0.1. The error is one line: no connection, no
/// answer within `timeout`, or another status with its text. Blocks, on a loop of its own.
base::Result<std::string, std::string> Probe(const settings::Endpoint& admin, std::string_view path,
                                             base::Duration timeout);

}  // namespace sluice::admin
