// TLS for a client whose ciphertext goes out in one send for many records, so that the generator
// spends its time on the cipher and not on system calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <openssl/ssl.h>

namespace sluice::bench {

class Tls {
 public:
  enum class Status { kOk, kWouldBlock, kEnd, kError };

  /// Reads from `fd` itself. TLS 1.3 with AES-128-GCM, whatever the server would prefer: the same
  /// work for every gateway. Certificates are not verified and sessions not resumed.
  explicit Tls(int fd);
  Tls(const Tls&) = delete;
  Tls& operator=(const Tls&) = delete;
  ~Tls();

  Status Handshake();

  /// As much as is there and fits; says in `count` how much.
  Status Read(std::span<uint8_t> buffer, size_t& count);

  /// Takes all of it.
  bool Write(std::span<const uint8_t> bytes);

  /// Says that nothing more will be written.
  void WriteEnd();

  /// Whether something has been read from the socket that Read() has not given out: bytes, which
  /// may be less than a record, or the end.
  bool HasBuffered() const {
    return SSL_has_pending(ssl_.get()) == 1 ||
           (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }

  /// Ciphertext that is still to be sent.
  std::vector<uint8_t>& output() { return output_; }

  /// Of the last kError.
  const std::string& error() const { return error_; }

 private:
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  Status ToStatus(int result);

  std::vector<uint8_t> output_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string error_;
};

}  // namespace sluice::bench
