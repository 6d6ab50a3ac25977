// Certificates for the TLS tests, made on the spot and gone with the test.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "sluice/settings/tls.h"

namespace sluice::tls::testing {

class CertificateDirectory {
 public:
  CertificateDirectory() {
    std::string name = ::testing::TempDir() + "sluice_tls_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    path_ = name;
  }
  CertificateDirectory(const CertificateDirectory&) = delete;
  CertificateDirectory& operator=(const CertificateDirectory&) = delete;
  ~CertificateDirectory() { std::filesystem::remove_all(path_); }

  std::string Path(const std::string& file) const { return path_ / file; }

  /// A self-signed certificate in NAME.pem for `subject`, and if there are any for `hosts`, its key
  /// in NAME.key. A host with a colon is another alternative name, such as `URI:app:x`.
  settings::Certificate Make(const std::string& name, const std::string& subject,
                             const std::vector<std::string>& hosts = {}, int rsa_bits = 0) const {
    const std::unique_ptr<EVP_PKEY, void (*)(EVP_PKEY*)> key(
        rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(static_cast<unsigned>(rsa_bits)),
        EVP_PKEY_free);
    const std::unique_ptr<X509, void (*)(X509*)> certificate(X509_new(), X509_free);
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
    X509_set_pubkey(certificate.get(), key.get());
    X509_NAME* const x509_name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(x509_name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate.get(), x509_name);
    if (!hosts.empty()) AddHosts(certificate.get(), hosts);
    EXPECT_GT(X509_sign(certificate.get(), key.get(), EVP_sha256()), 0);

    const settings::Certificate files{Path(name + ".pem"), Path(name + ".key")};
    Write(files.cert, [&](BIO* out) { return PEM_write_bio_X509(out, certificate.get()); });
    Write(files.key, [&](BIO* out) {
      return PEM_write_bio_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
    Write(files.key + ".encrypted", [&](BIO* out) {
      return PEM_write_bio_PrivateKey(out, key.get(), EVP_aes_128_cbc(), nullptr, 0, nullptr,
                                      const_cast<char*>("secret"));
    });
    return files;
  }

  /// A file with that text in it.
  std::string MakeFile(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
    return Path(name);
  }

 private:
  static void AddHosts(X509* certificate, const std::vector<std::string>& hosts) {
    std::string value;
    for (const auto& host : hosts) {
      value += value.empty() ? "" : ",";
      value += host.find(':') == host.npos ? "DNS:" + host : host;
    }
    X509_EXTENSION* const names =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, value.c_str());
    ASSERT_NE(names, nullptr);
    X509_add_ext(certificate, names, -1);
    X509_EXTENSION_free(names);
  }

  template <typename Writer>
  static void Write(const std::string& path, Writer write) {
    BIO* const out = BIO_new_file(path.c_str(), "w");
    ASSERT_NE(out, nullptr);
    EXPECT_EQ(write(out), 1);
    BIO_free(out);
  }

  std::filesystem::path path_;
};

}  // namespace sluice::tls::testing
