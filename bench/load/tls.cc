#include "load/tls.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <openssl/bio.h>
#include <openssl/err.h>

namespace sluice::bench {
namespace {

constexpr size_t kReadAhead = size_t{64} * 1024;

[[noreturn]] void Die() {
  ERR_print_errors_fp(stderr);
  std::exit(1);
}

/// A BIO that appends what is written to a vector, and never blocks.
BIO_METHOD* OutputMethod() {
  static BIO_METHOD* const kMethod = [] {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "output");
    BIO_meth_set_write_ex(method, [](BIO* bio, const char* bytes, size_t size, size_t* written) {
      auto& output = *static_cast<std::vector<uint8_t>*>(BIO_get_data(bio));
      output.insert(output.end(), bytes, bytes + size);
      *written = size;
      return 1;
    });
    BIO_meth_set_ctrl(
        method, [](BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1L : 0L; });
    return method;
  }();
  return kMethod;
}

SSL_CTX* Context() {
  static SSL_CTX* const kContext = [] {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    if (context == nullptr || SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) != 1 ||
        SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256") != 1) {
      Die();
    }
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    // An end without close_notify is an end; WebSocket has its own Close.
    SSL_CTX_set_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF);
    SSL_CTX_set_read_ahead(context, 1);
    SSL_CTX_set_default_read_buffer_len(context, kReadAhead);
    return context;
  }();
  return kContext;
}

}  // namespace

Tls::Tls(int fd) : ssl_(SSL_new(Context())) {
  BIO* out = BIO_new(OutputMethod());
  if (!ssl_ || out == nullptr || SSL_set_rfd(ssl_.get(), fd) != 1) Die();
  BIO_set_data(out, &output_);
  BIO_set_init(out, 1);
  SSL_set0_wbio(ssl_.get(), out);
  SSL_set_connect_state(ssl_.get());
}

Tls::~Tls() = default;

Tls::Status Tls::Handshake() {
  ERR_clear_error();
  return ToStatus(SSL_do_handshake(ssl_.get()));
}

Tls::Status Tls::Read(std::span<uint8_t> buffer, size_t& count) {
  ERR_clear_error();
  count = 0;
  while (count < buffer.size()) {
    size_t got = 0;
    const int result = SSL_read_ex(ssl_.get(), buffer.data() + count, buffer.size() - count, &got);
    if (result != 1) return ToStatus(result);
    count += got;
  }
  return Status::kOk;
}

bool Tls::Write(std::span<const uint8_t> bytes) {
  ERR_clear_error();
  size_t written = 0;
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
  return ToStatus(result) == Status::kOk;
}

void Tls::WriteEnd() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

Tls::Status Tls::ToStatus(int result) {
  if (result == 1) return Status::kOk;
  const int os_error = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      return Status::kWouldBlock;
    case SSL_ERROR_ZERO_RETURN:
      return Status::kEnd;
    case SSL_ERROR_SYSCALL:
      error_ = std::strerror(os_error);
      return Status::kError;
    default: {
      const char* reason = ERR_reason_error_string(ERR_peek_error());
      error_ = std::string("TLS: ") + (reason != nullptr ? reason : "unknown");
      return Status::kError;
    }
  }
}

}  // namespace sluice::bench
