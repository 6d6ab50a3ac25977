#include "cli/gateway.h"

#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <malloc.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sluice/admin/admin_server.h"
#include "sluice/api/admin_api.h"
#include "sluice/handover/handover.h"
#include "sluice/metrics/process.h"
#include "sluice/net/address.h"
#include "sluice/net/event_loop.h"
#include "sluice/server/admin_token.h"
#include "sluice/server/exposure.h"
#include "sluice/server/reloader.h"
#include "sluice/server/server.h"

#include "cli/privileges.h"
#include "cli/signals.h"

namespace sluice::cli {
namespace {

// The time for the threads of the workers to end, after a worker did not reply.
constexpr std::chrono::seconds kExitTime{2};

/// Connects the admin listener to the server.
class GatewayProgram final : public admin::Program {
 public:
  GatewayProgram(const server::Server& server, api::AdminApi& api) : server_(server), api_(api) {}

  bool IsReady() const override { return server_.is_running() && !server_.is_draining(); }
  std::string NotReadyReason() const override {
    return server_.is_draining() ? "draining" : "starting";
  }
  std::string_view ApiMethodOf(std::string_view path) const override { return api_.MethodOf(path); }
  std::shared_ptr<const void> HandleApi(const http::RequestHead& head, std::string_view body,
                                        const net::Address& client, const Answer& answer) override {
    return api_.Handle(head, body, client, answer);
  }

 private:
  const server::Server& server_;
  api::AdminApi& api_;
};

void PrepareProcess() {
  // A new process that takes over reports the result of its start itself.
  std::signal(SIGCHLD, SIG_IGN);
  // Every session takes two descriptors.
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    [[maybe_unused]] const int result = setrlimit(RLIMIT_NOFILE, &limit);
  }
  // Large blocks, such as a long message, return to the system when they are freed. Without a fixed
  // threshold, malloc would start to keep blocks of that size. Queues have blocks of their own.
  mallopt(M_MMAP_THRESHOLD, 64 * 1024);
}

/// Returns the port of the first listener.
uint16_t PortOf(const std::vector<worker::OpenSockets>& listeners) {
  sockaddr_storage name{};
  socklen_t size = sizeof(name);
  auto* const address = reinterpret_cast<sockaddr*>(&name);
  if (getsockname(listeners.front().fds.front(), address, &size) != 0) return 0;
  return net::Address::From(address).port();
}

/// Ends the process with status 1, unless it ends by itself soon.
void ExitSoon() {
  std::thread([] {
    std::this_thread::sleep_for(kExitTime);
    _exit(1);
  }).detach();
}

int Failed(base::Log& log, const std::string& error) {
  log.Write(base::LogLevel::kError, "start_failed", {{"detail", error}});
  return 1;
}

/// Returns the token, or an empty text if the configuration has none.
base::Result<std::optional<server::AdminToken>, std::string> LoadAdminToken(
    const settings::Config& config) {
  if (!config.admin || config.admin->token_file.empty()) return std::optional<server::AdminToken>();
  auto token = server::AdminToken::Load(config.admin->token_file);
  if (!token) return base::Unexpected("admin: token_file: " + token.error().ToString());
  return std::optional(*std::move(token));
}

/// Returns null if the configuration has no admin listener.
base::Result<std::unique_ptr<admin::AdminServer>, std::string> ListenForAdmin(
    net::EventLoop& loop, const server::Server& server, GatewayProgram& program, base::Log& log,
    std::optional<net::ListeningSocket> inherited) {
  const auto& config = server.config().admin;
  if (!config) return std::unique_ptr<admin::AdminServer>();
  auto listening =
      admin::AdminServer::Listen(loop, config->address, program,
                                 {server.collector(), server.backend_collector(),
                                  std::make_shared<metrics::ProcessCollector>()},
                                 {.hosts = config->hosts, .log = &log}, std::move(inherited));
  if (!listening) {
    return base::Unexpected("admin listener: " + listening.error() +
                            "; choose another address with --admin");
  }
  log.Write(base::LogLevel::kInfo, "admin_listening",
            {{"address", (*listening)->address().ToString()}});
  return listening;
}

/// Switches to the configured user, if there is one.
base::Result<void, std::string> GiveUpRights(const settings::Config& config, base::Log& log) {
  if (config.user) {
    if (auto done = BecomeUser(*config.user, config.listeners); !done) return done;
  }
  if (IsRoot()) {
    log.Write(base::LogLevel::kWarn, "running_as_root",
              {{"detail", "root is no longer needed after the start; set 'user'"}});
  }
  return {};
}

/// Acts on the signals that RunGateway documents. Everything passed in outlives it.
class SignalActions {
 public:
  SignalActions(net::EventLoop& loop, server::Server& server, server::Reloader* reloader,
                std::unique_ptr<admin::AdminServer>& admin, base::Log& log)
      : loop_(loop),
        server_(server),
        reloader_(reloader),
        admin_(admin),
        successor_(loop, log),
        terminate_(loop, SIGTERM, [this] { End(); }),
        interrupt_(loop, SIGINT, [this] { End(); }),
        hang_up_(loop, SIGHUP, [this] { Reload(); }),
        user_(loop, SIGUSR2, [this] { HandOver(); }) {}

  /// Returns true if a worker did not end its sessions.
  bool is_stuck() const { return is_stuck_; }

 private:
  void End() {
    successor_.Cancel();
    if (server_.is_draining()) {
      server_.Abort();
      return;
    }
    if (!server_.is_retired()) handover::NotifySupervisor("STOPPING=1");
    server_.Drain([this](const std::vector<size_t>& stuck) { OnEnded(stuck); });
  }

  void Reload() {
    if (reloader_ != nullptr) reloader_->Reload();
    server_.CheckFiles();
  }

  void HandOver() {
    if (server_.is_draining() || server_.is_retired()) return;
    successor_.Start(server_.sockets(), admin_ ? admin_->descriptor() : -1, [this] {
      admin_.reset();
      server_.Retire([this](const std::vector<size_t>& stuck) { OnEnded(stuck); });
    });
  }

  void OnEnded(const std::vector<size_t>& stuck) {
    is_stuck_ = !stuck.empty();
    loop_.Stop();
  }

  net::EventLoop& loop_;
  server::Server& server_;
  server::Reloader* const reloader_;
  std::unique_ptr<admin::AdminServer>& admin_;
  handover::Successor successor_;
  bool is_stuck_ = false;
  const net::SignalWatch terminate_;
  const net::SignalWatch interrupt_;
  const net::SignalWatch hang_up_;
  const net::SignalWatch user_;
};

}  // namespace

int RunGateway(settings::Config config, const ConfigSource* source, const OnListening& on_listening,
               base::Log& log) {
  PrepareProcess();
  auto inherited = handover::ReadInheritance();
  if (!inherited) return Failed(log, inherited.error());
  net::EventLoop loop;
  const auto first = std::make_shared<const settings::Config>(std::move(config));
  auto created =
      server::Server::Create(loop, first, log, SLUICE_VERSION, std::move(inherited->listeners));
  if (!created) return Failed(log, created.error());
  server::Server& server = **created;
  std::unique_ptr<server::Reloader> reloader;
  if (source != nullptr) {
    reloader =
        std::make_unique<server::Reloader>(server, log, source->file, source->load, source->text);
  }

  auto token = LoadAdminToken(*first);
  if (!token) return Failed(log, token.error());
  api::AdminApi api(server, reloader.get(), *std::move(token), log);
  GatewayProgram program(server, api);
  auto admin = ListenForAdmin(loop, server, program, log, std::move(inherited->admin));
  if (!admin) return Failed(log, admin.error());

  if (auto done = GiveUpRights(*first, log); !done) return Failed(log, done.error());
  const auto form =
      source != nullptr ? server::ConfigForm::kFile : server::ConfigForm::kCommandLine;
  server::LogExposure(*first, form, log);

  const SignalActions signals(loop, server, reloader.get(), *admin, log);
  ReleaseSignals();

  server.Start();
  if (on_listening) on_listening(PortOf(server.sockets()));
  handover::NotifySupervisor("READY=1\nMAINPID=" + std::to_string(getpid()));
  inherited->ReportReady();
  loop.Run();
  // A signal that comes now requests nothing new, and must not end this process as the default
  // would.
  net::SignalBlock::ForGood();
  if (signals.is_stuck()) {
    ExitSoon();  // The thread of a worker that is stuck cannot be joined.
    return 1;
  }
  log.Write(base::LogLevel::kInfo, "stopped", {});
  return 0;
}

}  // namespace sluice::cli
