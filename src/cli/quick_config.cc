#include "cli/quick_config.h"

#include <utility>

#include "sluice/config/patterns.h"

namespace sluice::cli {

base::Result<settings::Config, std::string> QuickConfig(const RunQuick& command) {
  settings::Config config;

  auto listen = settings::ParseListenAddress(command.listen);
  if (!listen) return base::Unexpected("LISTEN: " + listen.error());
  config.listeners.push_back({*std::move(listen)});

  if (auto applied = Apply(command.overrides, config); !applied) {
    return base::Unexpected(std::move(applied).error());
  }

  auto server = settings::ParseConfiguredServer(command.server);
  if (!server) return base::Unexpected("SERVER: " + server.error());
  config.backends.push_back({server->ToString(), {{*server}}});
  if (server->kind == settings::Endpoint::Kind::kWss) config.backends.back().tls.emplace();

  settings::Route route;
  route.name = "default";
  route.match.path = {.is_prefix = true, .path = ""};
  route.backend = 0;
  for (const auto& text : command.hosts) {
    auto host = config::ParseHostName(text);
    if (!host) return base::Unexpected("--host: " + host.error());
    if (!config.hosts) config.hosts.emplace();
    config.hosts->push_back(*std::move(host));
  }
  for (const auto& text : command.origins) {
    auto origin = config::ParseOrigin(text);
    if (!origin) return base::Unexpected("--origin: " + origin.error());
    if (!route.options.origins) route.options.origins.emplace();
    route.options.origins->push_back(*std::move(origin));
  }
  config.routes.push_back(std::move(route));
  return config;
}

}  // namespace sluice::cli
