#include "tls/client_chain.h"

#include <algorithm>
#include <cstring>
#include <ctime>

#include <openssl/ssl.h>

#include "tls/pem_files.h"

namespace sluice::tls {
namespace {

std::optional<int64_t> ExpiryInTicket(const SSL_SESSION* session) {
  void* data = nullptr;
  size_t size = 0;
  // OpenSSL's parameter is not const, but the session does not change.
  if (SSL_SESSION_get0_ticket_appdata(const_cast<SSL_SESSION*>(session), &data, &size) != 1) {
    return std::nullopt;
  }
  int64_t expiry = 0;
  if (data == nullptr || size != sizeof(expiry)) return std::nullopt;
  std::memcpy(&expiry, data, size);
  return expiry;
}

/// Stores the expiry in a new ticket. In a resumed session, it is the old ticket's expiry.
int OnNewTicket(SSL* connection, void*) {
  if (SSL_session_reused(connection) == 1) return 1;
  const auto expiry = ChainExpiry(connection);
  if (!expiry) return 1;
  return SSL_SESSION_set1_ticket_appdata(SSL_get_session(connection), &*expiry, sizeof(*expiry));
}

bool IsStillValid(const SSL_SESSION* session, const std::optional<int64_t>& crl_expiry) {
  if (SSL_SESSION_get0_peer(const_cast<SSL_SESSION*>(session)) == nullptr) return true;
  const int64_t now = std::time(nullptr);
  const auto expiry = ExpiryInTicket(session);
  return expiry && now < *expiry && (!crl_expiry || now < *crl_expiry);
}

SSL_TICKET_RETURN OnTicket(SSL*, SSL_SESSION* session, const unsigned char*, size_t,
                           SSL_TICKET_STATUS status, void* crl_expiry) {
  const bool is_readable = status == SSL_TICKET_SUCCESS || status == SSL_TICKET_SUCCESS_RENEW;
  if (!is_readable ||
      !IsStillValid(session, *static_cast<const std::optional<int64_t>*>(crl_expiry))) {
    return SSL_TICKET_RETURN_IGNORE_RENEW;
  }
  return status == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
}

}  // namespace

std::optional<int64_t> ChainExpiry(const ssl_st* connection) {
  if (SSL_session_reused(connection) == 1) return ExpiryInTicket(SSL_get_session(connection));
  const STACK_OF(X509)* const chain = SSL_get0_verified_chain(connection);
  std::optional<int64_t> first;
  for (int i = 0; i < sk_X509_num(chain); ++i) {
    const int64_t expiry = TimeOf(X509_get0_notAfter(sk_X509_value(chain, i)));
    first = first ? std::min(*first, expiry) : expiry;
  }
  return first;
}

void EndTicketsWithCertificates(ssl_ctx_st* context, const std::optional<int64_t>& crl_expiry) {
  SSL_CTX_set_session_ticket_cb(context, OnNewTicket, OnTicket,
                                const_cast<std::optional<int64_t>*>(&crl_expiry));
}

}  // namespace sluice::tls
