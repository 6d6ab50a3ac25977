#include "tls/error.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace sluice::tls {

std::string ConsumeError() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  const int reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET) {
    const int alert = reason - SSL_AD_REASON_OFFSET;
    // OpenSSL 3.0 has no text for this error.
    const char* const name = alert == TLS13_AD_CERTIFICATE_REQUIRED
                                 ? "certificate required"
                                 : SSL_alert_desc_string_long(alert);
    return std::string("the peer sent the alert '") + name + '\'';
  }
  const char* const text = ERR_reason_error_string(error);
  return text != nullptr ? text : "error " + std::to_string(error);
}

}  // namespace sluice::tls
