// The section `tls` of a listener.
#include "config/tls.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/config/loader.h"

namespace sluice::config {
namespace {

using testing::ElementsAre;

constexpr char kRoutes[] = "routes: [{name: a, match: {path: /a}, backend: a:1}]\n";

std::optional<std::string> NoVariables(const std::string&) {
  return std::nullopt;
}

LoadResult Load(const std::string& tls, const CertificateCheck& check = nullptr,
                const std::string& file = "/etc/sluice/f") {
  return LoadString(
      std::string(kRoutes) + "listeners:\n  - address: 127.0.0.1:8443\n    tls:" + tls, file,
      NoVariables, check);
}

// The first line of each error, without the file and the source.
std::vector<std::string> Heads(const std::string& tls, const CertificateCheck& check = nullptr) {
  const auto loaded = Load(tls, check);
  EXPECT_FALSE(loaded) << tls;
  std::vector<std::string> heads;
  if (loaded) return heads;
  for (const auto& error : loaded.error()) {
    heads.push_back(std::to_string(error.line) + ':' + std::to_string(error.column) + ": " +
                    error.message);
  }
  return heads;
}

TEST(LoadTls, FillsInTheDefaults) {
  const auto loaded = Load(" {certificates: [{cert: /a.pem, key: /a.key}]}");
  ASSERT_TRUE(loaded) << loaded.error()[0].ToString();
  const auto& tls = loaded->config.listeners[0].tls;
  ASSERT_TRUE(tls);
  EXPECT_EQ(tls->min_version, TlsVersion::k12);
  EXPECT_THAT(tls->certificates, ElementsAre(Certificate{"/a.pem", "/a.key"}));
}

TEST(LoadTls, TakesAllThatCanBeSaid) {
  const auto loaded = Load(
      "\n      certificates: [{cert: /a, key: /b}, {key: /c, cert: /c}]\n      min_version: 1.3\n");
  ASSERT_TRUE(loaded) << loaded.error()[0].ToString();
  const auto& tls = loaded->config.listeners[0].tls;
  EXPECT_EQ(tls->min_version, TlsVersion::k13);
  EXPECT_THAT(tls->certificates, ElementsAre(Certificate{"/a", "/b"}, Certificate{"/c", "/c"}));
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
    const auto loaded = Load(tls, nullptr, file);
    EXPECT_TRUE(loaded);
    return loaded->config.listeners[0].tls->certificates[0];
  };
  EXPECT_EQ(from("/etc/sluice/f"), (Certificate{"/etc/sluice/tls/a.pem", "/etc/sluice/../a.key"}));
  EXPECT_EQ(from("conf/f"), (Certificate{"conf/tls/a.pem", "conf/../a.key"}));
  EXPECT_EQ(from("/f"), (Certificate{"/tls/a.pem", "/../a.key"}));
  EXPECT_EQ(from("f"), (Certificate{"tls/a.pem", "../a.key"}));
}

TEST(LoadTls, TellsWhatIsWrong) {
  EXPECT_THAT(Heads(""), ElementsAre("4:5: tls: missing key 'certificates'"));
  EXPECT_THAT(Heads(" on"), ElementsAre("4:10: tls: expected a mapping, found 'on'"));
  EXPECT_THAT(
      Heads(" {certificates: [], min_version: 1.1}"),
      ElementsAre(
          "4:25: certificates: expected a list of one or more certificates, found an empty list",
          "4:42: min_version: expected '1.2' or '1.3', found '1.1'"));
  EXPECT_THAT(
      Heads(" {certificates: [{}, {cert: a}, {cert: a, key: ''}], ciphers: x}"),
      ElementsAre("4:26: certificates: missing key 'cert'", "4:26: certificates: missing key 'key'",
                  "4:30: certificates: missing key 'key'",
                  "4:56: key: expected the path of a file, found ''",
                  "4:62: unknown key 'ciphers'; the known keys here are: certificates, "
                  "min_version"));
}

TEST(LoadTls, HasTheFilesChecked) {
  std::vector<Certificate> seen;
  const auto check = [&seen](const Certificate& certificate) -> std::optional<CertificateFault> {
    seen.push_back(certificate);
    if (certificate.cert == "/bad") return CertificateFault{false, "is bad"};
    if (certificate.key == "/bad") return CertificateFault{true, "is worse"};
    return std::nullopt;
  };
  EXPECT_TRUE(Load(" {certificates: [{cert: /a, key: /b}]}", check));
  EXPECT_THAT(seen, ElementsAre(Certificate{"/a", "/b"}));
  EXPECT_THAT(
      Heads(" {certificates: [{cert: /bad, key: /b}, {cert: /a, key: /bad}, {cert: /a}]}", check),
      ElementsAre("4:33: cert: '/bad' is bad", "4:65: key: '/bad' is worse",
                  "4:72: certificates: missing key 'key'"));
  EXPECT_EQ(seen.size(), 3u) << "what is incomplete is not checked";
}

}  // namespace
}  // namespace sluice::config
