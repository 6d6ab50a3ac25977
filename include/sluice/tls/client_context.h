// What the TLS connections to the servers of a backend share: whom they trust, and who they are.
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
  /// Reads the files. The error is a sentence that names the file.
  static base::Result<std::shared_ptr<const ClientContext>, std::string> Create(
      const settings::BackendTls& tls);
  ClientContext(const ClientContext&) = delete;
  ClientContext& operator=(const ClientContext&) = delete;

  /// OpenSSL's side of a connection to `host`, a name or an IP address, whose certificate it must
  /// show unless the configuration says otherwise; null for want of memory.
  ConnectionPtr Connect(const std::string& host) const;

  /// When our own certificate expires, in seconds since 1970; nothing if there is none.
  std::optional<int64_t> Expiry() const;

 private:
  ClientContext() = default;

  std::unique_ptr<ssl_ctx_st, Deleter> context_;
  std::string server_name_;
  bool is_verified_ = true;
};

}  // namespace sluice::tls
