// Settings that the command line or the environment can set in place of the configuration file.
// Precedence: the command line, then the environment, then the file.
#pragma once

#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/config/loader.h"
#include "sluice/settings/config.h"
#include "sluice/settings/endpoint.h"

namespace sluice::cli {

/// A value and its source, such as "--admin" or "SLUICE_ADMIN", for messages.
struct Override {
  std::string value;
  std::string source;
};

struct Overrides {
  std::optional<Override> admin;
  std::optional<unsigned> workers;
};

/// The environment variable with the address of the admin listener.
inline constexpr const char* kAdminVariable = "SLUICE_ADMIN";

/// Returns the value of `option`, the text of --admin, or else of SLUICE_ADMIN, if it is set and
/// not empty.
std::optional<Override> ChooseAdmin(const std::optional<std::string>& option,
                                    const config::Environment& environment);

/// Parses the address of an admin listener. The error is a sentence that names the source.
base::Result<settings::Endpoint, std::string> ParseAdmin(const Override& admin);

/// Replaces settings of `config` by `overrides`. The error is a sentence.
base::Result<void, std::string> Apply(const Overrides& overrides, settings::Config& config);

/// Returns a sentence about an environment variable that replaces another value of the file, or
/// nothing. An option needs no such notice, because it is part of the command.
std::optional<std::string> DescribeHiddenOverride(const Overrides& overrides,
                                                  const settings::Config& config);

}  // namespace sluice::cli
