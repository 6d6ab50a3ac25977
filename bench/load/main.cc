// The load of the benchmark: WebSocket clients and the TCP backend behind the gateway, in one
// process. It reads requests as lines of JSON and answers each with one line; the README.md beside
// this file describes both.
//
//   sluice_load [--threads 1|2] [--port N]
//
// With one thread clients and backend share a loop, for a run on one processor.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include <nlohmann/json.hpp>
#include <sys/resource.h>

#include "load/backend.h"
#include "load/loop.h"
#include "load/run.h"
#include "load/work.h"

namespace sluice::bench {
namespace {

struct Options {
  int threads = 1;
  uint16_t port = 0;
};

Options ParseOptions(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; i += 2) {
    const std::string_view name = argv[i];
    const int value = i + 1 < argc ? std::atoi(argv[i + 1]) : -1;
    if (name == "--threads" && (value == 1 || value == 2)) {
      options.threads = value;
    } else if (name == "--port" && value >= 0 && value <= UINT16_MAX) {
      options.port = static_cast<uint16_t>(value);
    } else {
      std::fprintf(stderr, "usage: %s [--threads 1|2] [--port N]\n", argv[0]);
      std::exit(2);
    }
  }
  return options;
}

/// Two for every session are here. More than the hard limit needs a right that not everyone has.
void RaiseFileLimit() {
  rlimit limit{.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

void Print(const nlohmann::json& json) {
  std::cout << json.dump() << std::endl;
}

nlohmann::json Serve(const std::string& line, Loop& loop, Backend& backend) {
  try {
    Run run(loop, backend, ParseRequest(line), Print);
    return run.Execute();
  } catch (const std::exception& error) {
    return {{"ok", false}, {"error", std::string("no request: ") + error.what()}};
  }
}

int Main(int argc, char** argv) {
  const Options options = ParseOptions(argc, argv);
  RaiseFileLimit();
  Loop loop;
  Loop second_loop;
  Backend backend(options.threads == 1 ? loop : second_loop, options.port);
  std::thread thread;
  if (options.threads == 2) thread = std::thread([&] { second_loop.Run(); });
  Print({{"backend_port", backend.port()}});
  for (std::string line; std::getline(std::cin, line);) Print(Serve(line, loop, backend));
  if (options.threads == 2) {
    second_loop.Post([&] { second_loop.Stop(); });
    thread.join();
  }
  return 0;
}

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  return sluice::bench::Main(argc, argv);
}
