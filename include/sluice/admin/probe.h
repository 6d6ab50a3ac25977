// A client of the admin listener, for `sluice healthcheck`.
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/settings/endpoint.h"

namespace sluice::admin {

/// Asks the admin listener on `admin` for `path` (begins with '/') and returns the body of a 200.
/// An address that stands for every one of the machine (0.0.0.0, ::) is asked over 127.0.0.1. The
/// error is one line: no connection, no answer within `timeout`, or another status with its text.
/// Blocks, on a loop of its own.
base::Result<std::string, std::string> Probe(const settings::Endpoint& admin, std::string_view path,
                                             base::Duration timeout);

}  // namespace sluice::admin
