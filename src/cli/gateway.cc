#include "cli/gateway.h"

#include <csignal>
#include <memory>
#include <utility>

#include <malloc.h>
#include <sys/resource.h>

#include "sluice/admin/admin_server.h"
#include "sluice/metrics/process.h"
#include "sluice/net/event_loop.h"
#include "sluice/server/exposure.h"
#include "sluice/server/server.h"
#include "sluice/server/ticket_desk.h"

#include "cli/privileges.h"

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

class TicketsOverAdmin final : public admin::Tickets {
 public:
  explicit TicketsOverAdmin(std::unique_ptr<server::TicketDesk> desk) : desk_(std::move(desk)) {}
  Answer Post(std::string_view authorization, std::string_view body) override {
    auto answer = desk_->Handle(authorization, body, net::EventLoop::Now());
    return {answer.status, std::move(answer.body)};
  }

 private:
  const std::unique_ptr<server::TicketDesk> desk_;
};

void PrepareProcess() {
  // A peer that is gone is an error of the write, told where it happened.
  std::signal(SIGPIPE, SIG_IGN);
  // Every session takes two descriptors.
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    [[maybe_unused]] const int result = setrlimit(RLIMIT_NOFILE, &limit);
  }
  // A queue of a slow client goes back to the system when it is empty. Without a fixed threshold,
  // malloc would learn to keep blocks of that size.
  mallopt(M_MMAP_THRESHOLD, 64 * 1024);
}

void TellExposure(const config::Config& config, base::Log& log) {
  if (IsRoot()) {
    log.Write(base::LogLevel::kWarn, "running_as_root",
              {{"detail", "nothing needs that any more; see 'user' in docs/configuration.md"}});
  }
  const server::Exposure exposure = server::FindExposure(config);
  if (exposure.routes.empty()) return;
  log.Write(exposure.to_other_machines ? base::LogLevel::kWarn : base::LogLevel::kInfo,
            "open_without_auth",
            {{"routes", server::ListOf(exposure.routes)},
             {"to_other_machines", exposure.to_other_machines}});
}

int Failed(base::Log& log, const std::string& error) {
  log.Write(base::LogLevel::kError, "start_failed", {{"detail", error}});
  return 1;
}

}  // namespace

int RunGateway(config::Config config, base::Log& log) {
  PrepareProcess();
  net::EventLoop loop;
  const auto shared = std::make_shared<const config::Config>(std::move(config));
  auto created = server::Server::Create(loop, shared, log, SLUICE_VERSION);
  if (!created) return Failed(log, created.error());
  server::Server& server = **created;

  const ServerStatus status(server);
  std::unique_ptr<TicketsOverAdmin> tickets;
  std::unique_ptr<admin::AdminServer> admin;
  const auto guard = server.guard();
  if (guard && shared->admin && !shared->admin->token_file.empty()) {
    auto desk = server::TicketDesk::Create(*shared, *guard, log);
    if (!desk) return Failed(log, desk.error());
    tickets = std::make_unique<TicketsOverAdmin>(*std::move(desk));
  }
  if (shared->admin) {
    auto listening = admin::AdminServer::Listen(loop, shared->admin->address, status,
                                                {server.collector(), server.backend_collector(),
                                                 std::make_shared<metrics::ProcessCollector>()},
                                                tickets.get());
    if (!listening) return Failed(log, listening.error());
    admin = *std::move(listening);
    log.Write(base::LogLevel::kInfo, "admin_listening", {{"address", admin->address().ToString()}});
  }

  if (shared->user) {
    if (auto done = BecomeUser(*shared->user, shared->listeners); !done) {
      return Failed(log, done.error());
    }
  }
  TellExposure(*shared, log);

  const auto on_signal = [&] {
    if (server.draining()) {
      server.Cut();
    } else {
      server.Drain([&loop] { loop.Stop(); });
    }
  };
  const net::SignalWatch term(loop, SIGTERM, on_signal);
  const net::SignalWatch interrupt(loop, SIGINT, on_signal);
  const net::SignalWatch hangup(loop, SIGHUP, [&server] { server.CheckFiles(); });

  server.Start();
  loop.Run();
  // A signal that comes now has nothing left to ask for, and must not end us as the default would.
  net::SignalBlock::ForGood();
  log.Write(base::LogLevel::kInfo, "stopped", {});
  return 0;
}

}  // namespace sluice::cli
