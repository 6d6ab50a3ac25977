// A TLS client without a socket, by OpenSSL over memory: the test carries its bytes to and from a
// FakePeer.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "sluice/settings/tls.h"

#include "leg/fake_stream.h"

namespace sluice::tls::testing {

using leg::testing::FakePeer;

class TlsClient {
 public:
  struct Options {
    int version = 0;  ///< the only one that is spoken; 0: any
    std::string host = {};
    std::string protocols = {};  ///< as ALPN has them on the wire
    SSL_SESSION* session = nullptr;
    settings::Certificate certificate = {};  ///< its own, if it has one
  };

  TlsClient() : TlsClient(Options{}) {}
  explicit TlsClient(const Options& options)
      : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free), ssl_(nullptr, SSL_free) {
    if (options.version != 0) {
      SSL_CTX_set_min_proto_version(context_.get(), options.version);
      SSL_CTX_set_max_proto_version(context_.get(), options.version);
      // TLS 1.1 is not spoken at OpenSSL's usual level.
      if (options.version < TLS1_2_VERSION) SSL_CTX_set_security_level(context_.get(), 0);
    }
    if (!options.certificate.cert.empty()) {
      SSL_CTX_use_certificate_chain_file(context_.get(), options.certificate.cert.c_str());
      SSL_CTX_use_PrivateKey_file(context_.get(), options.certificate.key.c_str(),
                                  SSL_FILETYPE_PEM);
    }
    ssl_.reset(SSL_new(context_.get()));
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
    if (!options.host.empty()) SSL_set_tlsext_host_name(ssl_.get(), options.host.c_str());
    if (!options.protocols.empty()) {
      SSL_set_alpn_protos(ssl_.get(), reinterpret_cast<const uint8_t*>(options.protocols.data()),
                          static_cast<unsigned>(options.protocols.size()));
    }
    if (options.session != nullptr) SSL_set_session(ssl_.get(), options.session);
  }

  SSL* ssl() const { return ssl_.get(); }
  bool is_open() const { return SSL_is_init_finished(ssl_.get()) == 1; }
  bool saw_close_notify() const {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  /// The reason of the first error; empty if all is well.
  const std::string& error() const { return error_; }
  const std::string& received() const { return received_; }
  void ClearReceived() { received_.clear(); }

  /// The subject of the server's certificate.
  std::string ServerName() const {
    std::array<char, 256> name{};
    X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
    if (certificate == nullptr) return {};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name.data(),
                              static_cast<int>(name.size()));
    return name.data();
  }

  /// Puts `text` into records, which Output then has.
  void Write(std::string_view text) {
    ERR_clear_error();
    size_t done = 0;
    ASSERT_EQ(SSL_write_ex(ssl_.get(), text.data(), text.size(), &done), 1);
    ASSERT_EQ(done, text.size());
  }
  void CloseNotify() { SSL_shutdown(ssl_.get()); }
  /// Asks for new keys of the other side, as TLS 1.3 can.
  void RequestKeyUpdate() {
    ASSERT_EQ(SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_EQ(SSL_do_handshake(ssl_.get()), 1);
  }

  /// Bytes for the server: the handshake's, and what was written.
  std::string Output() {
    Advance();
    std::string bytes(BIO_ctrl_pending(SSL_get_wbio(ssl_.get())), '\0');
    if (!bytes.empty()) {
      BIO_read(SSL_get_wbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    }
    return bytes;
  }

  /// Takes bytes of the server.
  void Input(std::string_view bytes) {
    if (bytes.empty()) return;
    BIO_write(SSL_get_rbio(ssl_.get()), bytes.data(), static_cast<int>(bytes.size()));
    Advance();
  }

  /// Takes what the server has written to `peer` since the last time.
  void TakeFrom(const FakePeer& peer) {
    const std::string_view all = peer.written();
    const std::string_view fresh = all.substr(taken_);
    taken_ = all.size();
    Input(fresh);
  }

 private:
  void Advance() {
    ERR_clear_error();
    std::array<char, 32 * 1024> buffer;
    size_t got = 0;
    int result = 0;
    while ((result = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &got)) == 1) {
      received_.append(buffer.data(), got);
    }
    if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_SSL && error_.empty()) {
      error_ = ERR_reason_error_string(ERR_peek_error());
    }
    ERR_clear_error();
  }

  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_;
  std::unique_ptr<SSL, void (*)(SSL*)> ssl_;
  std::string received_;
  std::string error_;
  size_t taken_ = 0;
};

}  // namespace sluice::tls::testing
