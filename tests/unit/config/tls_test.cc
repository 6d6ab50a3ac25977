// The section `tls` of a listener.
#include "config/tls.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/config/loader.h"

#include "config/diagnostics.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using testing::NoVariables;

constexpr char kRoutes[] = "routes: [{name: a, match: {path: /a}, backend: a:1}]\n";

LoadResult LoadTls(const std::string& tls, const FileChecks& check = {},
                   const std::string& file = "/etc/sluice/f") {
  return LoadString(
      std::string(kRoutes) + "listeners:\n  - address: 127.0.0.1:8443\n    tls:" + tls, file,
      NoVariables, check);
}

// The first line of each error, without the file and the source.
std::vector<std::string> TlsHeads(const std::string& tls, const FileChecks& check = {}) {
  const auto loaded = LoadTls(tls, check);
  EXPECT_FALSE(loaded) << tls;
  return testing::Heads(loaded);
}

TEST(LoadTls, FillsInTheDefaults) {
  const auto loaded = LoadTls(" {certificates: [{cert: /a.pem, key: /a.key}]}");
  ASSERT_TRUE(loaded) << loaded.error()[0].ToString();
  const auto& tls = loaded->config.listeners[0].tls;
  ASSERT_TRUE(tls);
  EXPECT_EQ(tls->min_version, settings::TlsVersion::k12);
  EXPECT_THAT(tls->certificates, ElementsAre(settings::Certificate{"/a.pem", "/a.key"}));
}

TEST(LoadTls, TakesAllThatCanBeSaid) {
  const auto loaded = LoadTls(
      "\n      certificates: [{cert: /a, key: /b}, {key: /c, cert: /c}]\n      min_version: 1.3\n");
  ASSERT_TRUE(loaded) << loaded.error()[0].ToString();
  const auto& tls = loaded->config.listeners[0].tls;
  EXPECT_EQ(tls->min_version, settings::TlsVersion::k13);
  EXPECT_THAT(tls->certificates,
              ElementsAre(settings::Certificate{"/a", "/b"}, settings::Certificate{"/c", "/c"}));
}

TEST(LoadTls, IsOffUnlessSaid) {
  const auto loaded =
      LoadString(std::string(kRoutes) + "listeners: [{address: 8080}, 8081]\n", "f");
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(loaded->config.listeners[0].tls);
  EXPECT_FALSE(loaded->config.listeners[1].tls);
}

TEST(LoadTls, PathsAreRelativeToTheFile) {
  const std::string tls = " {certificates: [{cert: tls/a.pem, key: ../a.key}]}";
  const auto from = [&tls](const std::string& file) {
    const auto loaded = LoadTls(tls, {}, file);
    EXPECT_TRUE(loaded);
    return loaded->config.listeners[0].tls->certificates[0];
  };
  EXPECT_EQ(from("/etc/sluice/f"),
            (settings::Certificate{"/etc/sluice/tls/a.pem", "/etc/sluice/../a.key"}));
  EXPECT_EQ(from("conf/f"), (settings::Certificate{"conf/tls/a.pem", "conf/../a.key"}));
  EXPECT_EQ(from("/f"), (settings::Certificate{"/tls/a.pem", "/../a.key"}));
  EXPECT_EQ(from("f"), (settings::Certificate{"tls/a.pem", "../a.key"}));
}

TEST(LoadTls, TellsWhatIsWrong) {
  EXPECT_THAT(TlsHeads(""), ElementsAre("4:5: tls: missing key 'certificates'"));
  EXPECT_THAT(TlsHeads(" on"), ElementsAre("4:10: tls: expected a mapping (keys: certificates, "
                                           "min_version, mode, ciphers, ...), found 'on'"));
  EXPECT_THAT(
      TlsHeads(" {certificates: [], min_version: 1.1}"),
      ElementsAre(
          "4:25: certificates: expected a list of one or more certificates, found an empty list",
          "4:42: min_version: expected '1.2' or '1.3', found '1.1'"));
  EXPECT_THAT(
      TlsHeads(" {certificates: [{}, {cert: a}, {cert: a, key: ''}], cipher: x}"),
      ElementsAre("4:26: certificates: missing key 'cert'", "4:26: certificates: missing key 'key'",
                  "4:30: certificates: missing key 'key'",
                  "4:56: key: expected the path of a file, found ''",
                  "4:62: unknown key 'cipher'; did you mean 'ciphers'?"));
}

TEST(LoadTls, HasTheFilesChecked) {
  std::vector<settings::Certificate> seen;
  const auto check =
      [&seen](
          const settings::Certificate& certificate) -> std::optional<settings::CertificateFault> {
    seen.push_back(certificate);
    if (certificate.cert == "/bad") return settings::CertificateFault{false, "is bad"};
    if (certificate.key == "/bad") return settings::CertificateFault{true, "is worse"};
    return std::nullopt;
  };
  EXPECT_TRUE(LoadTls(" {certificates: [{cert: /a, key: /b}]}", {.certificate = check}));
  EXPECT_THAT(seen, ElementsAre(settings::Certificate{"/a", "/b"}));
  EXPECT_THAT(
      TlsHeads(" {certificates: [{cert: /bad, key: /b}, {cert: /a, key: /bad}, {cert: /a}]}",
               {.certificate = check}),
      ElementsAre("4:33: cert: '/bad' is bad", "4:65: key: '/bad' is worse",
                  "4:72: certificates: missing key 'key'"));
  EXPECT_EQ(seen.size(), 3u) << "what is incomplete is not checked";
}

TEST(LoadTls, CertificatesOfClients) {
  const std::string certificates = " {certificates: [{cert: /a, key: /b}]";
  const auto read = [&](const std::string& rest) {
    const auto loaded = LoadTls(certificates + rest + '}');
    EXPECT_TRUE(loaded) << loaded.error()[0].ToString();
    return *loaded->config.listeners[0].tls;
  };
  EXPECT_EQ(read("").client_certificate, settings::ClientCertificate::kNone);
  const auto required = read(", client_ca: ca.pem");
  EXPECT_EQ(required.client_certificate, settings::ClientCertificate::kRequired)
      << "unless told otherwise";
  EXPECT_EQ(required.client_ca, "/etc/sluice/ca.pem");
  EXPECT_EQ(read(", client_certificate: optional, client_ca: /ca").client_certificate,
            settings::ClientCertificate::kOptional);
  EXPECT_EQ(read(", client_ca: ca.pem, client_crl: ca.crl").client_crl, "/etc/sluice/ca.crl");
  EXPECT_THAT(TlsHeads(certificates + ", client_crl: ca.crl}"),
              ElementsAre("4:60: client_crl: needs 'client_ca', the file of the authorities whose "
                          "CRLs these are"));
  EXPECT_THAT(TlsHeads(certificates + ", client_certificate: optional}"),
              ElementsAre("4:68: client_certificate: needs 'client_ca', the file of the "
                          "authorities that sign the clients' certificates"));
  EXPECT_THAT(TlsHeads(certificates + ", client_certificate: no, client_ca: /ca}"),
              ElementsAre("4:68: client_certificate: expected 'required' or 'optional', found "
                          "'no'"));
  const auto check = [](const std::string& path) { return "is not " + path; };
  EXPECT_THAT(TlsHeads(certificates + ", client_ca: /ca}", {.authorities = check}),
              ElementsAre("4:59: client_ca: '/ca' is not /ca"));
}

TEST(LoadTls, ModeAndCiphers) {
  const std::string certificates = " {certificates: [{cert: /a, key: /b}]";
  const auto plain = LoadTls(certificates + "}");
  ASSERT_TRUE(plain);
  EXPECT_EQ(plain->config.listeners[0].tls->mode, settings::TlsMode::kRequired);
  const auto loaded = LoadTls(certificates + ", mode: auto, ciphers: [ECDHE+AESGCM, TLS_A_B]}");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.listeners[0].tls->mode, settings::TlsMode::kAuto);
  EXPECT_THAT(loaded->config.listeners[0].tls->ciphers, ElementsAre("ECDHE+AESGCM", "TLS_A_B"));
  const auto check = [](const std::string& name) { return name != "NOSUCH"; };
  EXPECT_THAT(TlsHeads(certificates + ", mode: on, ciphers: [NOSUCH, 'ALL:@SECLEVEL=0']}",
                       {.cipher = check}),
              ElementsAre("4:54: mode: expected 'required' or 'auto', found 'on'",
                          "4:68: ciphers: 'NOSUCH' is not a cipher that OpenSSL knows",
                          "4:76: ciphers: expected the name of a cipher such as "
                          "ECDHE-RSA-AES128-GCM-SHA256, found 'ALL:@SECLEVEL=0'"));
}

LoadResult LoadBackendTls(const std::string& backend) {
  return LoadString("listeners: [8080]\n" + std::string(kRoutes) + "backends:\n  b: " + backend,
                    "/etc/f", NoVariables);
}

std::vector<std::string> BackendFaults(const std::string& backend) {
  const auto loaded = LoadBackendTls(backend);
  EXPECT_FALSE(loaded) << backend;
  std::vector<std::string> messages;
  if (loaded) return messages;
  for (const auto& error : loaded.error()) messages.push_back(error.message);
  return messages;
}

TEST(LoadBackendTls, TakesAllThatCanBeSaid) {
  const auto read = [](const std::string& tls) {
    const auto loaded = LoadBackendTls("{servers: [db.test:5432], tls: " + tls + "}");
    EXPECT_TRUE(loaded) << loaded.error()[0].ToString();
    return loaded->config.backends[0].tls;
  };
  EXPECT_EQ(read("{}"), settings::BackendTls{});
  EXPECT_EQ(read("{ca: ca.pem, server_name: other.test, cert: /c, key: k}"),
            (settings::BackendTls{"/etc/ca.pem", "other.test",
                                  settings::Certificate{"/c", "/etc/k"}, false}));
  EXPECT_TRUE(read("{insecure_skip_verify: true}")->insecure_skip_verify);
  const auto plain = LoadBackendTls("{servers: [db.test:5432]}");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->config.backends[0].tls);
}

TEST(LoadBackendTls, TellsWhatIsWrong) {
  EXPECT_THAT(BackendFaults("{servers: [db.test:5432], tls: {cert: /c}}"),
              ElementsAre("tls: missing key 'key'"));
  EXPECT_THAT(BackendFaults("{servers: [db.test:5432], tls: {server_name: 'a b'}}"),
              ElementsAre("server_name: expected a host name such as db.example.com, or an IP "
                          "address, found 'a b'"));
  EXPECT_THAT(BackendFaults("{servers: [db.test:5432], tls: {ca: /c, insecure_skip_verify: true}}"),
              ElementsAre("ca: has no effect with 'insecure_skip_verify'; take one of them out"));
  EXPECT_THAT(BackendFaults("{servers: [unix:/s, builtin:echo], tls: {}}"),
              ElementsAre("tls: needs 'server_name', since 'unix:/s' has no host that a "
                          "certificate could be for",
                          "tls: 'builtin:echo' does not speak TLS"));
  EXPECT_TRUE(LoadBackendTls("{servers: [unix:/s], tls: {server_name: app.test}}"));
}

}  // namespace
}  // namespace sluice::config
