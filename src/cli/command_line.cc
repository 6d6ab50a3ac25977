#include "cli/command_line.h"

#include <algorithm>
#include <iostream>
#include <string>
#include <string_view>
#include <utility>

#include <CLI/CLI.hpp>

#include "sluice/config/patterns.h"
#include "sluice/config/suggest.h"

#include "cli/option.h"
#include "cli/option_values.h"
#include "cli/usage_error.h"
#include "cli/version.h"
#include "config/values.h"

namespace sluice::cli {
namespace {

constexpr int kUsageError = 2;

constexpr const char* kMainFooter = R"(Examples:
  sluice 8080 localhost:5900          WebSocket on port 8080, relayed to a VNC server
  sluice 8080 unix:/run/app.sock --origin https://app.example.com
  sluice --config sluice.yaml         many routes, limits, metrics
  sluice check sluice.yaml            find every error in that file
  sluice help check                   the options of a command, and an example

An option takes precedence over the environment, and the environment over the file.
The configuration file is described in docs/configuration.md.)";

constexpr const char* kDemoFooter =
    R"(The demo also has an admin listener: 127.0.0.1:9090, unless --admin names another address.

Examples:
  sluice demo --port 8090             then open http://localhost:8090/ in a browser
  sluice demo --port 8091 --admin 127.0.0.1:9091
                                      a second one beside it)";

constexpr const char* kCheckFooter = R"(Exit code: 0 if every file is good, 1 if one has an error.

Examples:
  sluice check sluice.yaml            prints each error as FILE:LINE:COLUMN: MESSAGE
  sluice check --strict - < new.yaml  warnings fail, too)";

constexpr const char* kExplainFooter =
    R"(It also prints the answer. http:// and https:// stand for a plain request, such as a browser's for a page.

Exit code: 0 if the request is accepted, as far as is known; 1 if it is refused; 2 if the file or the
request is invalid.

Examples:
  sluice explain sluice.yaml wss://lab.example.com/vnc
  sluice explain sluice.yaml wss://lab.example.com/vnc --from 192.0.2.7 \
      --header 'Origin: https://app.example.com')";

constexpr const char* kHealthCheckFooter =
    R"(The address is that of --admin, else of SLUICE_ADMIN in the environment, else of the file given with
--config, else 127.0.0.1:9090. Of that file only 'admin' is checked, but all of it must be valid YAML.

Exit code: 0 if sluice is healthy, 1 if not.

Examples:
  sluice healthcheck
  sluice healthcheck --config /etc/sluice/sluice.yaml)";

constexpr const char* kHelpFooter = R"(Example:
  sluice help explain)";

constexpr const char* kVersionFooter = R"(Example:
  sluice version)";

/// One command line: stores the options of each command.
class Parser {
 public:
  Parser();
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  std::variant<Command, int> Parse(int argc, char** argv);

 private:
  using Outcome = std::variant<Command, int>;

  CLI::App& AddCommand(const char* name, const char* description, const char* footer);
  void AddRun();
  void AddDemo();
  void AddCheck();
  void AddExplain();
  void AddHealthCheck();
  void AddHelp();
  void AddOverrides(CLI::App& command);

  std::vector<std::string_view> CommandNames() const;
  std::optional<std::string> DescribeUnknownCommand(std::string_view word) const;
  std::string MainOption() const;
  Outcome ChooseCommand();
  Outcome ChooseRun();
  int PrintHelp() const;
  Overrides ChosenOverrides() const;

  CLI::App app_{"A gateway that makes plain TCP services reachable from a browser.", "sluice"};
  RunQuick quick_;
  RunFile file_;
  RunDemo demo_;
  Check check_;
  Explain explain_;
  HealthCheck health_;
  std::optional<std::string> admin_;  // The option --admin of any command.
  std::optional<unsigned> workers_;
  std::string help_topic_;
};

int Fail(const std::string& message, const std::string& help = "sluice --help") {
  std::cerr << message << "\nRun `" << help << "` for more information.\n";
  return kUsageError;
}

Parser::Parser() {
  app_.footer(kMainFooter);
  app_.set_version_flag("-V,--version", VersionText());
  app_.set_help_flag("-h,--help", "Print this help and exit");
  app_.require_subcommand(0, 1);
  AddRun();
  AddDemo();
  AddCheck();
  AddExplain();
  AddHealthCheck();
  AddHelp();
  AddCommand("version", "Print the version and exit", kVersionFooter);
}

CLI::App& Parser::AddCommand(const char* name, const char* description, const char* footer) {
  CLI::App& command = *app_.add_subcommand(name, description);
  command.footer(footer);
  return command;
}

void Parser::AddRun() {
  AddOption(app_, "LISTEN", quick_.listen, ParseText,
            "Where to accept WebSockets: a port, or ADDRESS:PORT");
  AddOption(app_, "SERVER", quick_.server, ParseText,
            "The TCP service to relay to: HOST:PORT, or unix:/path");
  AddOption(app_, "-c,--config", file_.file, config::ParsePath, "Run with this configuration file");
  AddRepeatedOption(app_, "--origin", quick_.origins, ParseText,
                    "Accept pages of this origin, instead of only those that come from the host "
                    "they connect to; '*' for all; may be repeated");
  AddRepeatedOption(app_, "--host", quick_.hosts, ParseText,
                    "A host name that requests may use, besides IP addresses and localhost; '*' "
                    "for any; may be repeated");
  AddOverrides(app_);
}

void Parser::AddDemo() {
  CLI::App& command = AddCommand(
      "demo", "Run an echo service and a page to try it with, on this machine only", kDemoFooter);
  AddOption(command, "--port", demo_.port, ParsePort, "The port of the page; 0: any free port")
      ->type_name("PORT")
      ->default_str("8080");
  AddOverrides(command);
}

void Parser::AddCheck() {
  CLI::App& command = AddCommand("check", "Check configuration files and exit", kCheckFooter);
  AddRepeatedOption(command, "FILE", check_.files, config::ParsePath,
                    "The files to check; '-' is the standard input")
      ->required();
  command.add_flag("--strict", check_.is_strict, "Fail if there are warnings, too")
      ->disable_flag_override();
  AddOption(command, "--format", check_.format, ParseFormat,
            "text, or json for a list of all diagnostics")
      ->type_name("text|json")
      ->default_str("text");
}

void Parser::AddExplain() {
  CLI::App& command =
      AddCommand("explain", "Print which route a request takes, why not the others, and the answer",
                 kExplainFooter);
  AddOption(command, "FILE", explain_.file, config::ParsePath, "The configuration file")
      ->required();
  AddOption(command, "URL", explain_.url, ParseUrl,
            "ws:// or wss:// for an upgrade, http:// or https:// for a page; 'tcp:' for a plain "
            "TCP connection")
      ->required();
  AddOption(command, "--method", explain_.method, ParseMethod, "The method of the request")
      ->default_str(explain_.method);
  AddRepeatedOption(command, "--header", explain_.headers, ParseHeaderField,
                    "A header field, 'Name: value'; may be repeated");
  AddOption(command, "--from", explain_.from, ParseClient,
            "The IP address that connects to sluice, of the client or of a proxy; or 'unix'")
      ->default_str("127.0.0.1");
  AddOption(command, "--listener", explain_.listener, ParseText,
            "The name of the listener (default: the first that speaks what the URL asks for)");
  AddOption(command, "--sni", explain_.sni, ParseText,
            "The host asked for in the TLS handshake (default: that of the URL)");
  AddRepeatedOption(command, "--subprotocol", explain_.subprotocols, config::ParseSubprotocol,
                    "A subprotocol that is offered; may be repeated");
  AddRepeatedOption(command, "--claim", explain_.claims, ParseClaim,
                    "A claim of a valid token, name=value; may be repeated");
  AddRepeatedOption(command, "--certificate", explain_.certificates, config::ParseCertificateName,
                    "A name in the client's certificate, such as dns:a.example.com; may be "
                    "repeated");
}

void Parser::AddHealthCheck() {
  CLI::App& command =
      AddCommand("healthcheck", "Ask a running sluice whether it is healthy", kHealthCheckFooter);
  AddOption(command, "--admin", admin_, ParseText, "The address of its admin listener");
  AddOption(command, "-c,--config", health_.file, config::ParsePath,
            "The configuration file that sluice runs with");
  AddOption(command, "--timeout", health_.timeout_seconds, ParseSeconds,
            "Seconds to wait for the answer")
      ->type_name("SECONDS")
      ->default_str("3");
}

void Parser::AddHelp() {
  CLI::App& command = AddCommand("help", "Print the help of a command and exit", kHelpFooter);
  AddOption(command, "COMMAND", help_topic_, ParseText, "The command");
}

void Parser::AddOverrides(CLI::App& command) {
  AddOption(command, "--admin", admin_, ParseText,
            "Serve /metrics, /healthz and /readyz on this ADDRESS:PORT (also: SLUICE_ADMIN in the "
            "environment)");
  AddOption(command, "--workers", workers_, config::ParseWorkers,
            "Worker threads: 1 to 256, or 'auto' (default), as many as there are usable CPUs")
      ->type_name("NUMBER");
}

Overrides Parser::ChosenOverrides() const {
  return {ChooseAdmin(admin_, config::ProcessEnvironment()), workers_};
}

std::vector<std::string_view> Parser::CommandNames() const {
  std::vector<std::string_view> names;
  for (const CLI::App* command : app_.get_subcommands(nullptr)) {
    names.push_back(command->get_name());
  }
  return names;
}

/// Returns what is wrong with the first argument, if it is a word that is neither an option, a
/// command nor an address to listen on: LISTEN would be a misleading name for it.
std::optional<std::string> Parser::DescribeUnknownCommand(std::string_view word) const {
  const auto names = CommandNames();
  const bool is_word = !word.empty() && word.find_first_not_of(
                                            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                            "0123456789-_./") == std::string_view::npos;
  const bool is_number = word.find_first_not_of("0123456789") == std::string_view::npos;
  if (!is_word || is_number || word.starts_with('-') ||
      std::find(names.begin(), names.end(), word) != names.end()) {
    return std::nullopt;
  }
  const std::string quoted = "'" + std::string(word) + "'";
  if (word.ends_with(".yaml") || word.ends_with(".yml") || word.ends_with(".json")) {
    return quoted + " is a file; did you mean `sluice --config " + std::string(word) + "`?";
  }
  return quoted + " is neither a command nor an address to listen on (a port, or ADDRESS:PORT)" +
         config::Suggestion(word, names, "the commands are");
}

/// Returns an option or argument before the command, where it would be ignored.
std::string Parser::MainOption() const {
  for (const CLI::Option* option : app_.get_options()) {
    if (option->count() != 0) return option->get_name();
  }
  return {};
}

int Parser::PrintHelp() const {
  if (help_topic_.empty()) {
    // App::help() would print the help of `help`, the command that was parsed.
    std::cout << app_.get_formatter()->make_help(&app_, app_.get_name(),
                                                 CLI::AppFormatMode::Normal);
    return 0;
  }
  const auto names = CommandNames();
  if (std::find(names.begin(), names.end(), help_topic_) == names.end()) {
    return Fail("there is no command '" + help_topic_ + "'" +
                config::Suggestion(help_topic_, names, "the commands are"));
  }
  const CLI::App& topic = *app_.get_subcommand(help_topic_);
  std::cout << topic.help(app_.get_name());
  return 0;
}

Parser::Outcome Parser::ChooseRun() {
  const bool is_quick = !quick_.listen.empty() || !quick_.server.empty();
  const bool has_file = !file_.file.empty();
  if (has_file && is_quick) {
    return Fail(
        "LISTEN and SERVER have no place beside --config: the file has 'listeners' and "
        "'routes'");
  }
  if (has_file && !quick_.origins.empty()) {
    return Fail("--origin has no place beside --config: in the file, set 'origins' of a route");
  }
  if (has_file && !quick_.hosts.empty()) {
    return Fail("--host has no place beside --config: in the file, set 'hosts'");
  }
  if (has_file) {
    file_.overrides = ChosenOverrides();
    return file_;
  }
  if (!quick_.server.empty()) {
    quick_.overrides = ChosenOverrides();
    return quick_;
  }
  if (is_quick) return Fail("SERVER is missing: which service should sluice relay to?");
  return Fail("Nothing to do: give LISTEN and SERVER, or --config FILE, or try `sluice demo`.");
}

Parser::Outcome Parser::ChooseCommand() {
  const auto chosen = app_.get_subcommands();
  if (chosen.empty()) return ChooseRun();
  const std::string& name = chosen.front()->get_name();
  if (const auto option = MainOption(); !option.empty()) {
    return Fail("'" + option + "' in front of '" + name + "' would be ignored; `sluice help " +
                name + "` lists the options of that command");
  }
  if (name == "demo") {
    demo_.overrides = ChosenOverrides();
    return demo_;
  }
  if (name == "check") return check_;
  if (name == "explain") return explain_;
  if (name == "healthcheck") {
    health_.admin = ChooseAdmin(admin_, config::ProcessEnvironment());
    return health_;
  }
  if (name == "help") return PrintHelp();
  std::cout << VersionText() << '\n';
  return 0;
}

Parser::Outcome Parser::Parse(int argc, char** argv) {
  if (argc > 1) {
    if (const auto unknown = DescribeUnknownCommand(argv[1])) return Fail(*unknown);
  }
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // The help or the version was requested.
    if (error.get_exit_code() == 0) return app_.exit(error);
    return Fail(DescribeUsageError(app_, error), HelpCommand(app_));
  }
  return ChooseCommand();
}

}  // namespace

std::variant<Command, int> ParseCommandLine(int argc, char** argv) {
  return Parser().Parse(argc, argv);
}

}  // namespace sluice::cli
