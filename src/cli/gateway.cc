#include "cli/gateway.h"

#include <csignal>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sluice/admin/admin_server.h"
#include "sluice/metrics/process.h"
#include "sluice/net/address.h"
#include "sluice/net/event_loop.h"
#include "sluice/server/admin_token.h"
#include "sluice/server/exposure.h"
#include "sluice/server/handover.h"
#include "sluice/server/reloader.h"
#include "sluice/server/server.h"

#include "cli/admin_actions.h"
#include "cli/privileges.h"
#include "cli/signals.h"

namespace sluice::cli {
namespace {

class ServerStatus final : public admin::Status {
 public:
  explicit ServerStatus(const server::Server& server) : server_(server) {}
  bool Ready() const override { return server_.running() && !server_.draining(); }
  std::string NotReadyReason() const override {
    return server_.draining() ? "draining" : "starting";
  }
  std::string Report() const override { return server_.Report(); }

 private:
  const server::Server& server_;
};

void PrepareProcess() {
  // A successor tells by itself what becomes of it.
  std::signal(SIGCHLD, SIG_IGN);
  // Every session takes two descriptors.
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    [[maybe_unused]] const int result = setrlimit(RLIMIT_NOFILE, &limit);
  }
  // Large blocks, such as a long message, return to the system when they are freed. Without a fixed
  // threshold, malloc would learn to keep blocks of that size. Queues have blocks of their own.
  mallopt(M_MMAP_THRESHOLD, 64 * 1024);
}

/// The port that the first listener is bound to.
uint16_t PortOf(const std::vector<worker::OpenSockets>& listeners) {
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  auto* const address = reinterpret_cast<sockaddr*>(&name);
  if (getsockname(listeners.front().fds.front(), address, &size) != 0) return 0;
  return net::Address::From(address).port();
}

int Failed(base::Log& log, const std::string& error) {
  log.Write(base::LogLevel::kError, "start_failed", {{"detail", error}});
  return 1;
}

}  // namespace

int RunGateway(settings::Config config, const ConfigSource* source, const OnListening& on_listening,
               base::Log& log) {
  PrepareProcess();
  auto inherited = server::ReadInheritance();
  if (!inherited) return Failed(log, inherited.error());
  net::EventLoop loop;
  const auto first = std::make_shared<const settings::Config>(std::move(config));
  auto created =
      server::Server::Create(loop, first, log, SLUICE_VERSION, std::move(inherited->listeners));
  if (!created) return Failed(log, created.error());
  server::Server& server = **created;
  std::optional<server::Reloader> reloader;
  if (source != nullptr) {
    reloader.emplace(server, log, source->file, source->load, source->text);
  }

  const ServerStatus status(server);
  std::unique_ptr<AdminActions> actions;
  std::unique_ptr<admin::AdminServer> admin;
  if (first->admin && !first->admin->token_file.empty()) {
    const auto token = server::AdminToken::Load(first->admin->token_file);
    if (!token) return Failed(log, "admin: token_file: " + token.error().ToString());
    actions = std::make_unique<AdminActions>(*token, server, reloader ? &*reloader : nullptr, log);
  }
  if (first->admin) {
    auto listening = admin::AdminServer::Listen(
        loop, first->admin->address, status,
        {server.collector(), server.backend_collector(),
         std::make_shared<metrics::ProcessCollector>()},
        {.actions = actions.get(), .hosts = first->admin->hosts, .log = &log},
        std::move(inherited->admin));
    if (!listening) {
      return Failed(
          log, "admin listener: " + listening.error() + "; choose another address with --admin");
    }
    admin = *std::move(listening);
    log.Write(base::LogLevel::kInfo, "admin_listening", {{"address", admin->address().ToString()}});
  }

  if (first->user) {
    if (auto done = BecomeUser(*first->user, first->listeners); !done) {
      return Failed(log, done.error());
    }
  }
  if (IsRoot()) {
    log.Write(base::LogLevel::kWarn, "running_as_root",
              {{"detail", "root is no longer needed after the start; set 'user'"}});
  }
  const auto form =
      source != nullptr ? server::ConfigForm::kFile : server::ConfigForm::kCommandLine;
  server::TellExposure(*first, form, log);

  server::Successor successor(loop, log);
  const auto on_signal = [&] {
    successor.Cancel();
    if (server.draining()) {
      server.Cut();
    } else {
      if (!server.retired()) server::NotifySupervisor("STOPPING=1");
      server.Drain([&loop] { loop.Stop(); });
    }
  };
  const net::SignalWatch term(loop, SIGTERM, on_signal);
  const net::SignalWatch interrupt(loop, SIGINT, on_signal);
  const net::SignalWatch hangup(loop, SIGHUP, [&] {
    if (reloader) reloader->Reload();
    server.CheckFiles();
  });

  const net::SignalWatch hand_over(loop, SIGUSR2, [&] {
    if (server.draining() || server.retired()) return;
    successor.Start(server.sockets(), admin ? admin->descriptor() : -1, [&] {
      admin.reset();
      server.Retire([&loop] { loop.Stop(); });
    });
  });

  ReleaseSignals();

  server.Start();
  if (on_listening) on_listening(PortOf(server.sockets()));
  server::NotifySupervisor("READY=1\nMAINPID=" + std::to_string(getpid()));
  inherited->ReportReady();
  loop.Run();
  // A signal that comes now has nothing left to ask for, and must not end us as the default would.
  net::SignalBlock::ForGood();
  log.Write(base::LogLevel::kInfo, "stopped", {});
  return 0;
}

}  // namespace sluice::cli
