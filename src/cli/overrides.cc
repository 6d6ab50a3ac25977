#include "cli/overrides.h"

#include <utility>

namespace sluice::cli {

std::optional<Override> ChooseAdmin(const std::optional<std::string>& option,
                                    const config::Environment& environment) {
  if (option) return Override{*option, "--admin"};
  auto variable = environment(kAdminVariable);
  if (!variable || variable->empty()) return std::nullopt;
  return Override{*std::move(variable), kAdminVariable};
}

base::Result<settings::Endpoint, std::string> ParseAdmin(const Override& admin) {
  auto address = settings::ParseListenAddress(admin.value);
  if (!address) return base::Unexpected(admin.source + ": " + address.error());
  if (address->kind != settings::Endpoint::Kind::kTcp) {
    return base::Unexpected(admin.source + ": '" + admin.value +
                            "' is a Unix socket; expected IP:port such as 127.0.0.1:9090");
  }
  return address;
}

base::Result<void, std::string> Apply(const Overrides& overrides, settings::Config& config) {
  if (overrides.workers) config.workers = *overrides.workers;
  if (!overrides.admin) return {};
  auto address = ParseAdmin(*overrides.admin);
  if (!address) return base::Unexpected(std::move(address).error());
  if (!config.admin) config.admin.emplace();
  config.admin->address = *std::move(address);
  return {};
}

std::optional<std::string> DescribeHiddenOverride(const Overrides& overrides,
                                                  const settings::Config& config) {
  if (!overrides.admin || overrides.admin->source != kAdminVariable || !config.admin) {
    return std::nullopt;
  }
  const auto address = ParseAdmin(*overrides.admin);
  if (!address || *address == config.admin->address) return std::nullopt;
  return std::string(kAdminVariable) + " in the environment sets the admin listener's address to " +
         address->ToString() + ", in the place of the file's " + config.admin->address.ToString();
}

}  // namespace sluice::cli
