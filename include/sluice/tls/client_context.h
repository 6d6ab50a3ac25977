// The configuration of TLS connections to the servers of a backend: trusted authorities and our own
// certificate.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sluice/base/result.h"
#include "sluice/settings/tls.h"
#include "sluice/tls/context.h"

namespace sluice::tls {

/// Immutable, and shared by all workers.
class ClientContext {
 public:
  /// Loads the files. The error is a sentence that names the file.
  static base::Result<std::shared_ptr<const ClientContext>, std::string> Create(
      const settings::BackendTls& tls);
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  /// Creates OpenSSL's object for a connection to `host`, a name or an IP address. The server's
  /// certificate must be for `host` unless the configuration says otherwise. Returns null if there
  /// is no memory.
  ConnectionPtr Connect(const std::string& host) const;

  /// Returns the time when our own certificate expires, in seconds since 1970; unset if there is
  /// none.
  std::optional<int64_t> Expiry() const;

 private:
  ClientContext() = default;

  std::unique_ptr<ssl_ctx_st, Deleter> context_;
  std::string server_name_;
  bool is_verified_ = true;
};

}  // namespace sluice::tls
