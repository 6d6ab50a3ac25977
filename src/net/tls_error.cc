#include "net/tls_error.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace sluice::net {

std::string TakeTlsError() {
  const unsigned long error = ERR_get_error();
  ERR_clear_error();
  const int reason = ERR_GET_REASON(error);
  if (ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET) {
    return std::string("the peer sent the alert '") +
           SSL_alert_desc_string_long(reason - SSL_AD_REASON_OFFSET) + '\'';
  }
  const char* const text = ERR_reason_error_string(error);
  return text != nullptr ? text : "error " + std::to_string(error);
}

}  // namespace sluice::net
