// Which server of a backend to dial, and which next if that one fails. Pure.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "sluice/config/types.h"

namespace sluice::routing {

/// A server to dial.
struct Candidate {
  std::shared_ptr<const config::Endpoint> server;  ///< never null
  size_t id;  ///< its number among all servers of all backends, in the order of the file
};

/// Round robin: each session starts with the server after the last one's. One for each worker, not
/// thread-safe: workers need not agree, since each goes round on its own.
class Balancer {
 public:
  /// `config` outlives the balancer. Workers pass different values of `start`, lest all begin with
  /// the first server.
  Balancer(const config::Config& config, size_t start);

  /// All servers of the backend, each once, in the order in which to try them.
  std::vector<Candidate> Candidates(size_t backend);

 private:
  struct Backend {
    size_t first_id;
    size_t next;
  };
  const config::Config& config_;
  std::vector<Backend> backends_;
};

}  // namespace sluice::routing
