// The name of a certificate's subject in words.
#pragma once

#include <string>

struct X509_name_st;

namespace sluice::net {

/// As RFC 2253 writes it: `CN=alice,O=Example`.
std::string SubjectText(const X509_name_st* subject);

}  // namespace sluice::net
