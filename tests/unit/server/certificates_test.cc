#include "server/certificates.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "tls/certificates.h"

namespace sluice::server {
namespace {

/// Keeps the names of the events.
class EventLog final : public base::Log {
 public:
  void Write(base::LogLevel, std::string_view event, std::span<const base::LogField>) override {
    events.emplace_back(event);
  }
  std::vector<std::string> events;
};

class CertificatesTest : public ::testing::Test {
 protected:
  CertificatesTest() : current(directory.Make("current", "one")) {
    config.listeners.resize(2);
    config.listeners[1].tls = settings::Tls{.certificates = {current}};
    config.backends.resize(2);
    config.backends[1].tls = settings::BackendTls{.certificate = current};
  }

  tls::testing::CertificateDirectory directory;
  settings::Certificate current;
  settings::Config config;
  net::EventLoop loop;
  FileWatch files{loop};
  EventLog log;
  metrics::CertificateMetrics metrics;
  Certificates certificates{config, files, log, metrics};
};

TEST_F(CertificatesTest, OnlyWhereThereIsTls) {
  ASSERT_TRUE(certificates.Load());
  ASSERT_EQ(certificates.listeners().size(), 2u);
  EXPECT_FALSE(certificates.listeners()[0]);
  EXPECT_TRUE(certificates.listeners()[1]->Get());
  ASSERT_EQ(certificates.backends().size(), 2u);
  EXPECT_FALSE(certificates.backends()[0]);
  EXPECT_TRUE(certificates.backends()[1]->Get());
}

TEST_F(CertificatesTest, WhatIsNewIsTakenAndWhatIsBadIsNot) {
  ASSERT_TRUE(certificates.Load());
  const auto first = certificates.listeners()[1]->Get();
  files.CheckNow();
  EXPECT_EQ(certificates.listeners()[1]->Get(), first) << "nothing has changed";

  directory.Make("current", "two");
  files.CheckNow();
  const auto second = certificates.listeners()[1]->Get();
  EXPECT_NE(second, first);
  EXPECT_EQ(log.events,
            (std::vector<std::string>{"certificates_reloaded", "certificates_reloaded"}));

  std::filesystem::remove(current.key);
  files.CheckNow();
  EXPECT_EQ(certificates.listeners()[1]->Get(), second);
  EXPECT_EQ(log.events.back(), "certificates_kept");
  files.CheckNow();
  EXPECT_EQ(log.events.size(), 4u) << "told once";
}

TEST_F(CertificatesTest, WithoutUsableFilesThereIsNoStart) {
  std::filesystem::remove(current.key);
  config.listeners[1].address = {settings::Endpoint::Kind::kTcp, "127.0.0.1", 443};
  const auto loaded = certificates.Load();
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error(), "the listener 127.0.0.1:443 cannot speak TLS: " + current.key +
                                " cannot be read: No such file or directory");
}

}  // namespace
}  // namespace sluice::server
