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

constexpr size_t kRecord = 16 * 1024;  // The most payload of a record (RFC 8446 section 5.1).
constexpr size_t kOverhead = 256;      // More than any cipher adds to one (section 5.2).

// The bytes that are encrypted before they are sent, and received before they are decrypted: enough
// to need few system calls, and few enough to stay in the CPU's cache. A slow client costs one
// chunk.
constexpr size_t kChunk = 4 * kRecord;
constexpr size_t kOutputSize = kChunk + 5 * kOverhead;
constexpr size_t kInputSize = 8 * (kRecord + kOverhead);

// A write leaves less than half of this unsent; the rest is for answers to key updates. A peer that
// requests more of them and reads nothing is not read any more.
constexpr size_t kMostKeptOutput = 2 * kOutputSize;

// A handshake is far shorter, including the client's certificates. A peer that sends that much at
// once without payload is attacking.
constexpr size_t kMostWithoutPayload = 128 * 1024;

constexpr uint8_t kHandshakeRecord = 22;  // RFC 8446 section 5.1; no text begins with it.

}  // namespace

// ---- OpenSSL's input and output ----

struct Stream::Bio {
  static Stream& Self(BIO* bio) { return *static_cast<Stream*>(BIO_get_data(bio)); }

  static int Read(BIO* bio, char* out, size_t size, size_t* got) {
    Stream& self = Self(bio);
    base::Bytes& received = self.buffers_.received_;
    BIO_clear_retry_flags(bio);
    if (received.empty() && !self.Receive()) {
      if (self.end_.status == Status::kOk) BIO_set_retry_read(bio);
      return 0;
    }
    *got = std::min(size, received.size());
    std::memcpy(out, received.data(), *got);
    received = received.subspan(*got);
    return 1;
  }

  static int Write(BIO* bio, const char* data, size_t size, size_t* written) {
    BIO_clear_retry_flags(bio);
    Self(bio).Gather({reinterpret_cast<const uint8_t*>(data), size});
    *written = size;
    return 1;
  }

  static long Control(BIO* bio, int command, long, void*) {
    if (command == BIO_CTRL_EOF) return Self(bio).end_.status == Status::kEnd ? 1 : 0;
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

Buffers::Buffers()
    : storage_(std::make_unique_for_overwrite<uint8_t[]>(kInputSize + kOutputSize)),
      input_(storage_.get(), kInputSize),
      output_(storage_.get() + kInputSize, kOutputSize) {}

Stream::Stream(std::unique_ptr<net::Stream> inner, std::shared_ptr<const Context> context,
               Buffers& buffers, base::Bytes received)
    : Stream(std::move(inner), context, context->Accept(), true, buffers) {
  kept_input_.assign(received.begin(), received.end());
}

Stream::Stream(std::unique_ptr<net::Stream> inner, std::shared_ptr<const ClientContext> context,
               const std::string& host, Buffers& buffers)
    : Stream(std::move(inner), context, context->Connect(host), false, buffers) {}

Stream::Stream(std::unique_ptr<net::Stream> inner, std::shared_ptr<const void> context,
               ConnectionPtr connection, bool is_to_client, Buffers& buffers)
    : inner_(std::move(inner)),
      context_(std::move(context)),
      buffers_(buffers),
      connection_(std::move(connection)),
      is_to_client_(is_to_client) {
  inner_->SetHandler(this);
  BIO* const bio = connection_ ? Bio::New(*this) : nullptr;
  if (bio != nullptr) {
    SSL_set_bio(connection_.get(), bio, bio);
  } else {
    state_.handshake = Handshake::kFailed;
    state_.failure = "no memory for a connection";
    End(Status::kError, ENOMEM);
  }
}

Stream::~Stream() = default;

void Stream::OnStreamReady() {
  if (!kept_output_.empty() && inner_->writable()) {
    OnWritten(kept_output_.WriteTo(*inner_));
    FinishShutdown();
  }
  if (handler_ != nullptr) handler_->OnStreamReady();  // May destroy this.
}

// ---- Reading ----

bool Stream::readable() const {
  if (end_.status != Status::kOk) return !end_was_read_;
  return kept_output_.size() <= kMostKeptOutput &&
         (inner_->readable() || !kept_input_.empty() || SSL_pending(connection_.get()) > 0);
}

net::IoResult Stream::Read(base::MutableBytes buffer) {
  if (end_.status != Status::kOk) return ReadEnd();
  if (kept_output_.size() > kMostKeptOutput) return kWouldBlock;

  // Payload is shorter than its records, so the received payload nearly always fits.
  Begin(std::min(buffer.size(), buffers_.input_.size()));
  const net::IoResult result = SpeaksTls() ? Decrypt(buffer) : ReadPlain(buffer);
  Keep();
  Flush();
  return result;
}

Handshake Stream::ContinueHandshake() {
  if (state_.handshake != Handshake::kUnderWay || end_.status != Status::kOk) {
    return state_.handshake;
  }
  Begin(buffers_.input_.size());
  if (SpeaksTls()) {
    ERR_clear_error();
    const int result = SSL_do_handshake(connection_.get());
    UpdateHandshake();
    if (result != 1) OnReadFailed(SSL_get_error(connection_.get(), result));
  }
  Keep();
  Flush();
  if (state_.handshake == Handshake::kUnderWay && end_.status != Status::kOk) {
    state_.handshake = Handshake::kFailed;
    state_.has_peer_ended = true;
    state_.failure = end_.error != 0 ? std::strerror(end_.error) : "the peer ended the connection";
  }
  return state_.handshake;
}

/// Prepares the shared buffers for one call, beginning with the input that is left from before.
void Stream::Begin(size_t may_receive) {
  std::copy(kept_input_.begin(), kept_input_.end(), buffers_.input_.begin());
  buffers_.received_ = buffers_.input_.first(kept_input_.size());
  buffers_.may_receive_ = may_receive;
  buffers_.without_payload_ = 0;
}

void Stream::Keep() {
  const base::Bytes rest = std::exchange(buffers_.received_, {});
  kept_input_ = std::vector<uint8_t>(rest.begin(), rest.end());
}

/// Fills the empty input buffer. Returns false if nothing was received, or if nothing more may be
/// received in this call.
bool Stream::Receive() {
  if (buffers_.may_receive_ == 0) return false;
  if (buffers_.without_payload_ >= kMostWithoutPayload) {
    End(Status::kError, EPROTO);
    return false;
  }
  const net::IoResult got = inner_->Read(buffers_.input_.first(buffers_.may_receive_));
  buffers_.received_ = buffers_.input_.first(got.bytes);
  buffers_.without_payload_ += got.bytes;
  if (got.status == Status::kEnd || got.status == Status::kError) End(got.status, got.error);
  return got.status == Status::kOk;
}

/// Returns true if the peer speaks TLS; false if it does not, or if that is not known yet.
bool Stream::SpeaksTls() {
  if (!is_to_client_ || state_.handshake == Handshake::kDone) return true;
  if (!has_first_byte_ && (!buffers_.received_.empty() || Receive())) {
    has_first_byte_ = true;
    if (buffers_.received_.front() != kHandshakeRecord) state_.handshake = Handshake::kNotTls;
  }
  return has_first_byte_ && state_.handshake != Handshake::kNotTls;
}

net::IoResult Stream::ReadPlain(base::MutableBytes buffer) {
  if (end_.status != Status::kOk) return ReadEnd();
  if (buffers_.received_.empty() && !Receive()) return ReadEnd();
  const size_t size = std::min(buffer.size(), buffers_.received_.size());
  std::copy_n(buffers_.received_.begin(), size, buffer.begin());
  buffers_.received_ = buffers_.received_.subspan(size);
  return {Status::kOk, size, 0};
}

net::IoResult Stream::Decrypt(base::MutableBytes buffer) {
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
    buffers_.may_receive_ = 0;  // Return the payload before receiving more.
  } while (total < buffer.size() && !buffers_.received_.empty());
  UpdateHandshake();
  return total > 0 ? net::IoResult{Status::kOk, total, 0} : ReadEnd();
}

void Stream::UpdateHandshake() {
  if (state_.handshake != Handshake::kUnderWay || !SSL_is_init_finished(connection_.get())) return;
  state_.handshake = Handshake::kDone;
  state_.is_resumed = SSL_session_reused(connection_.get()) == 1;
  if (is_to_client_) state_.peer_certificate = ReadPeerCertificate(connection_.get());
}

std::unique_ptr<net::Stream> Stream::ReleaseInner() {
  if (state_.handshake != Handshake::kNotTls || !kept_input_.empty()) return nullptr;
  inner_->SetHandler(nullptr);
  return std::move(inner_);
}

void Stream::OnReadFailed(int reason) {
  if (reason == SSL_ERROR_WANT_READ) return;
  const std::string failure = ConsumeError();
  if (end_.status != Status::kOk) {  // The connection below has ended.
    const bool is_cut = !is_to_client_ && reason == SSL_ERROR_SSL && end_.status == Status::kEnd;
    if (is_cut && state_.handshake == Handshake::kDone) {
      state_.failure = "the peer ended the connection without a close_notify";
      End(Status::kError, EPROTO);
    }
    return;
  }
  if (reason == SSL_ERROR_ZERO_RETURN) {
    End(Status::kEnd, 0);
    return;
  }
  if (state_.handshake == Handshake::kUnderWay) state_.handshake = Handshake::kFailed;
  const long verdict = SSL_get_verify_result(connection_.get());
  state_.failure = verdict == X509_V_OK ? failure
                                        : "the peer's certificate is not accepted: " +
                                              std::string(X509_verify_cert_error_string(verdict));
  End(Status::kError, EPROTO);
}

void Stream::End(Status status, int error) {
  end_ = {status, 0, error};
}

net::IoResult Stream::ReadEnd() {
  if (end_.status == Status::kOk) return kWouldBlock;
  end_was_read_ = true;
  return end_;
}

// ---- Writing ----

bool Stream::writable() const {
  if (state_.handshake == Handshake::kNotTls) return inner_->writable();
  return state_.handshake == Handshake::kDone && kept_output_.empty() && inner_->writable();
}

net::IoResult Stream::Write(base::Bytes bytes) {
  if (state_.handshake == Handshake::kNotTls) return inner_->Write(bytes);
  if (write_error_ != 0) return {Status::kError, 0, write_error_};
  if (!writable()) return kWouldBlock;
  size_t total = 0;
  ERR_clear_error();
  // Encrypted bytes cannot be undone, so stop encrypting when unsent bytes are kept.
  while (total < bytes.size() && kept_output_.empty()) {
    const base::Bytes chunk = bytes.subspan(total, std::min(bytes.size() - total, kChunk));
    size_t done = 0;
    if (SSL_write_ex(connection_.get(), chunk.data(), chunk.size(), &done) != 1) {
      ERR_clear_error();
      write_error_ = EPROTO;  // The TLS connection has already failed while reading.
    }
    Flush();
    if (write_error_ != 0) return {Status::kError, 0, write_error_};
    total += done;
  }
  return {Status::kOk, total, 0};
}

void Stream::Gather(base::Bytes bytes) {
  if (buffers_.gathered_ + bytes.size() > buffers_.output_.size()) Flush();
  if (!kept_output_.empty() || bytes.size() > buffers_.output_.size()) {
    kept_output_.Append(buffers_.output_.first(std::exchange(buffers_.gathered_, 0)));
    kept_output_.Append(bytes);
    return;
  }
  const auto free = buffers_.output_.subspan(buffers_.gathered_);
  std::copy(bytes.begin(), bytes.end(), free.begin());
  buffers_.gathered_ += bytes.size();
}

/// Sends the gathered bytes, and keeps those that the connection does not accept.
void Stream::Flush() {
  base::Bytes bytes = buffers_.output_.first(std::exchange(buffers_.gathered_, 0));
  if (!bytes.empty() && kept_output_.empty() && inner_->writable() &&
      shutdown_ != Shutdown::kDone) {
    const net::IoResult sent = inner_->Write(bytes);
    bytes = bytes.subspan(sent.bytes);
    OnWritten(sent);
  }
  // Nothing is sent after our FIN, but OpenSSL may still answer a key update.
  if (write_error_ == 0 && shutdown_ != Shutdown::kDone) kept_output_.Append(bytes);
}

void Stream::OnWritten(const net::IoResult& sent) {
  if (sent.status != Status::kError) return;
  write_error_ = sent.error;
  kept_output_.Clear();
}

void Stream::ShutdownWrite() {
  if (state_.handshake == Handshake::kDone) {
    SSL_shutdown(connection_.get());  // Sends close_notify.
    ERR_clear_error();
    Flush();
  }
  shutdown_ = Shutdown::kDue;
  FinishShutdown();
}

void Stream::FinishShutdown() {
  if (shutdown_ != Shutdown::kDue || !kept_output_.empty()) return;
  shutdown_ = Shutdown::kDone;
  inner_->ShutdownWrite();
}

size_t Stream::UnacknowledgedBytes() const {
  return inner_->UnacknowledgedBytes() + kept_output_.size();
}

uint64_t Stream::bytes_written() const {
  return inner_->bytes_written() + kept_output_.size();
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
