#include "sluice/tls/stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "tls/error.h"
#include "tls/peer_certificate.h"

namespace sluice::tls {
namespace {

using Status = net::IoResult::Status;
using Handshake = net::TlsState::Handshake;

constexpr net::IoResult kWouldBlock{Status::kWouldBlock, 0, 0};

constexpr uint8_t kHandshakeRecord = 22;  // RFC 8446 section 5.1; no text begins with it.

}  // namespace

// ---- OpenSSL's input and output ----

struct Stream::Bio {
  static Stream& Self(BIO* bio) { return *static_cast<Stream*>(BIO_get_data(bio)); }

  static int Read(BIO* bio, char* out, size_t size, size_t* got) {
    RecordInput& input = Self(bio).input_;
    BIO_clear_retry_flags(bio);
    *got = input.Consume({reinterpret_cast<uint8_t*>(out), size});
    if (*got == 0 && !input.has_ended()) BIO_set_retry_read(bio);
    return *got > 0 ? 1 : 0;
  }

  static int Write(BIO* bio, const char* data, size_t size, size_t* written) {
    BIO_clear_retry_flags(bio);
    Self(bio).output_.Append({reinterpret_cast<const uint8_t*>(data), size});
    *written = size;
    return 1;
  }

  static long Control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return Self(bio).input_.end().status == Status::kEnd ? 1 : 0;
    return command == BIO_CTRL_FLUSH ? 1 : 0;  // Flushed when the call is over.
  }

  static BIO* New(Stream& stream) {
    static BIO_METHOD* const method = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "sluice");
      BIO_meth_set_read_ex(made, Read);
      BIO_meth_set_write_ex(made, Write);
      BIO_meth_set_ctrl(made, Control);
      return made;
    }();
    BIO* const bio = BIO_new(method);
    if (bio == nullptr) return nullptr;
    BIO_set_data(bio, &stream);
    BIO_set_init(bio, 1);
    return bio;
  }
};

Stream::Stream(std::unique_ptr<net::Stream> inner, std::shared_ptr<const Context> context,
               Buffers& buffers, base::Bytes received)
    : Stream(std::move(inner), context, context->Accept(), true, buffers, received) {}

Stream::Stream(std::unique_ptr<net::Stream> inner, std::shared_ptr<const ClientContext> context,
               const std::string& host, Buffers& buffers)
    : Stream(std::move(inner), context, context->Connect(host), false, buffers, {}) {}

Stream::Stream(std::unique_ptr<net::Stream> inner, std::shared_ptr<const void> context,
               ConnectionPtr connection, bool is_to_client, Buffers& buffers, base::Bytes received)
    : inner_(std::move(inner)),
      input_(*inner_, buffers, received),
      output_(*inner_, buffers),
      context_(std::move(context)),
      connection_(std::move(connection)),
      is_to_client_(is_to_client) {
  inner_->SetHandler(this);
  BIO* const bio = connection_ ? Bio::New(*this) : nullptr;
  if (bio != nullptr) {
    SSL_set_bio(connection_.get(), bio, bio);
  } else {
    state_.handshake = Handshake::kFailed;
    state_.failure = "no memory for a connection";
    input_.End(Status::kError, ENOMEM);
  }
}

Stream::~Stream() = default;

void Stream::OnStreamReady() {
  output_.SendKept();
  if (handler_ != nullptr) handler_->OnStreamReady();  // May destroy this.
}

// ---- Reading ----

bool Stream::readable() const {
  if (input_.has_ended()) return !input_.end_was_read();
  return !output_.is_full() &&
         (inner_->readable() || input_.has_kept() || SSL_pending(connection_.get()) > 0);
}

net::IoResult Stream::Read(base::MutableBytes buffer) {
  if (input_.has_ended()) return input_.ReadEnd();
  if (output_.is_full()) return kWouldBlock;

  // Payload is shorter than its records, so the received payload nearly always fits.
  input_.Begin(buffer.size());
  size_t got = 0;
  if (SpeaksTls()) {
    got = Decrypt(buffer);
  } else if (state_.handshake == Handshake::kNotTls) {
    got = input_.Consume(buffer);
  }
  input_.Finish();
  output_.Flush();
  return got > 0 ? net::IoResult{Status::kOk, got, 0} : input_.ReadEnd();
}

Handshake Stream::ContinueHandshake() {
  if (state_.handshake != Handshake::kUnderWay || input_.has_ended()) return state_.handshake;
  input_.Begin(SIZE_MAX);
  if (SpeaksTls()) {
    ERR_clear_error();
    const int result = SSL_do_handshake(connection_.get());
    UpdateHandshake();
    if (result != 1) OnReadFailed(SSL_get_error(connection_.get(), result));
  }
  input_.Finish();
  output_.Flush();
  if (state_.handshake == Handshake::kUnderWay && input_.has_ended()) {
    const int error = input_.end().error;
    state_.handshake = Handshake::kFailed;
    state_.has_peer_ended = true;
    state_.failure = error != 0 ? std::strerror(error) : "the peer ended the connection";
  }
  return state_.handshake;
}

/// Returns true if the peer speaks TLS; false if it does not, or if that is not known yet.
bool Stream::SpeaksTls() {
  if (!is_to_client_ || state_.handshake == Handshake::kDone) return true;
  if (!has_first_byte_ && input_.Receive()) {
    has_first_byte_ = true;
    if (input_.received().front() != kHandshakeRecord) state_.handshake = Handshake::kNotTls;
  }
  return has_first_byte_ && state_.handshake != Handshake::kNotTls;
}

/// Decrypts payload into `buffer`. Returns its size; 0: there is none now, or the input has ended.
size_t Stream::Decrypt(base::MutableBytes buffer) {
  size_t total = 0;
  ERR_clear_error();
  do {
    size_t got = 0;
    const base::MutableBytes room = buffer.subspan(total);
    if (SSL_read_ex(connection_.get(), room.data(), room.size(), &got) != 1) {
      UpdateHandshake();
      OnReadFailed(SSL_get_error(connection_.get(), 0));
      break;
    }
    total += got;
    input_.StopReceiving();  // Return the payload before receiving more.
  } while (total < buffer.size() && !input_.received().empty());
  UpdateHandshake();
  return total;
}

void Stream::UpdateHandshake() {
  if (state_.handshake != Handshake::kUnderWay || !SSL_is_init_finished(connection_.get())) return;
  state_.handshake = Handshake::kDone;
  state_.is_resumed = SSL_session_reused(connection_.get()) == 1;
  if (is_to_client_) state_.peer_certificate = ReadPeerCertificate(connection_.get());
}

std::unique_ptr<net::Stream> Stream::ReleaseInner() {
  if (state_.handshake != Handshake::kNotTls || input_.has_kept()) return nullptr;
  inner_->SetHandler(nullptr);
  return std::move(inner_);
}

void Stream::OnReadFailed(int reason) {
  if (reason == SSL_ERROR_WANT_READ) return;
  const std::string failure = ConsumeError();
  if (input_.has_ended()) {  // The inner stream has ended.
    const bool is_cut =
        !is_to_client_ && reason == SSL_ERROR_SSL && input_.end().status == Status::kEnd;
    if (is_cut && state_.handshake == Handshake::kDone) {
      state_.failure = "the peer ended the connection without a close_notify";
      input_.End(Status::kError, EPROTO);
    }
    return;
  }
  if (reason == SSL_ERROR_ZERO_RETURN) {
    input_.End(Status::kEnd, 0);
    return;
  }
  if (state_.handshake == Handshake::kUnderWay) state_.handshake = Handshake::kFailed;
  const long verdict = SSL_get_verify_result(connection_.get());
  state_.failure = verdict == X509_V_OK ? failure
                                        : "the peer's certificate is not accepted: " +
                                              std::string(X509_verify_cert_error_string(verdict));
  input_.End(Status::kError, EPROTO);
}

// ---- Writing ----

bool Stream::writable() const {
  if (state_.handshake == Handshake::kNotTls) return inner_->writable();
  return state_.handshake == Handshake::kDone && !output_.has_kept() && inner_->writable();
}

net::IoResult Stream::Write(base::Bytes bytes) {
  if (state_.handshake == Handshake::kNotTls) return inner_->Write(bytes);
  if (output_.error() != 0) return {Status::kError, 0, output_.error()};
  if (!writable()) return kWouldBlock;
  size_t total = 0;
  ERR_clear_error();
  // Encrypted bytes cannot be undone, so stop encrypting when unsent bytes are kept.
  while (total < bytes.size() && !output_.has_kept()) {
    const base::Bytes chunk = bytes.subspan(total, std::min(bytes.size() - total, Buffers::kChunk));
    size_t done = 0;
    if (SSL_write_ex(connection_.get(), chunk.data(), chunk.size(), &done) != 1) {
      ERR_clear_error();
      output_.Fail(EPROTO);  // The TLS connection has already failed while reading.
    }
    output_.Flush();
    if (output_.error() != 0) return {Status::kError, 0, output_.error()};
    total += done;
  }
  return {Status::kOk, total, 0};
}

void Stream::ShutdownWrite() {
  if (state_.handshake == Handshake::kDone) {
    SSL_shutdown(connection_.get());  // Sends close_notify.
    ERR_clear_error();
    output_.Flush();
  }
  output_.ShutdownWrite();
}

size_t Stream::UnacknowledgedBytes() const {
  return inner_->UnacknowledgedBytes() + output_.kept_size();
}

uint64_t Stream::bytes_written() const {
  return inner_->bytes_written() + output_.kept_size();
}

net::TlsDetails Stream::DescribeTls() const {
  net::TlsDetails details;
  const SSL* const connection = connection_.get();
  if (state_.handshake != net::TlsState::Handshake::kDone) return details;
  details.version = SSL_get_version(connection);
  details.cipher = SSL_get_cipher_name(connection);
  const unsigned char* protocol = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(connection, &protocol, &size);
  if (protocol != nullptr) details.protocol.assign(protocol, protocol + size);
  if (const char* name = SSL_get_servername(connection, TLSEXT_NAMETYPE_host_name)) {
    details.server_name = name;
  }
  return details;
}

}  // namespace sluice::tls
