#include "tls/peer_certificate.h"

#include <array>
#include <span>
#include <string_view>
#include <utility>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "sluice/base/text.h"

#include "tls/client_chain.h"

namespace sluice::tls {
namespace {

/// Returns the text; empty if it contains a NUL, because a program that reads only up to there
/// would see another name.
std::string TextOf(const ASN1_STRING* text) {
  const auto* const data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(text));
  const std::string_view view(data, static_cast<size_t>(ASN1_STRING_length(text)));
  return view.find('\0') == view.npos ? std::string(view) : std::string();
}

std::string CommonName(const X509_NAME* subject) {
  const int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (place < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, place) >= 0) return {};
  unsigned char* utf8 = nullptr;
  const int size =
      ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)));
  std::string text(reinterpret_cast<const char*>(utf8), size > 0 ? static_cast<size_t>(size) : 0);
  OPENSSL_free(utf8);
  return text.find('\0') == text.npos ? text : std::string();
}

void ReadAlternativeNames(const X509* certificate, net::PeerCertificate& peer) {
  const auto add = [](std::vector<std::string>& names, std::string name) {
    if (!name.empty()) names.push_back(std::move(name));
  };
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  // An alternative name that cannot be parsed counts, too.
  peer.has_alternative_names = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1) >= 0;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    if (name->type == GEN_DNS) add(peer.dns_names, base::ToLower(TextOf(name->d.dNSName)));
    if (name->type == GEN_EMAIL) add(peer.emails, TextOf(name->d.rfc822Name));
    if (name->type == GEN_URI) add(peer.uris, TextOf(name->d.uniformResourceIdentifier));
  }
  GENERAL_NAMES_free(names);
}

std::string Fingerprint(const X509* certificate) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  std::string text;
  for (const unsigned char byte : std::span(digest).first(size)) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace

std::string SubjectText(const X509_name_st* subject) {
  BIO* const out = BIO_new(BIO_s_mem());
  X509_NAME_print_ex(out, subject, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB);
  char* text = nullptr;
  const long size = BIO_get_mem_data(out, &text);
  std::string result(text, size > 0 ? static_cast<size_t>(size) : 0);
  BIO_free(out);
  return result;
}

std::shared_ptr<const net::PeerCertificate> ReadPeerCertificate(const ssl_st* connection) {
  const X509* const certificate = SSL_get0_peer_certificate(connection);
  if (certificate == nullptr || SSL_get_verify_mode(connection) == SSL_VERIFY_NONE ||
      SSL_get_verify_result(connection) != X509_V_OK) {
    return nullptr;
  }
  auto peer = std::make_shared<net::PeerCertificate>();
  peer->common_name = CommonName(X509_get_subject_name(certificate));
  ReadAlternativeNames(certificate, *peer);
  peer->subject = SubjectText(X509_get_subject_name(certificate));
  peer->fingerprint = Fingerprint(certificate);
  peer->expires = ChainExpiry(connection);
  return peer;
}

}  // namespace sluice::tls
