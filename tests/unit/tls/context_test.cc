// What a client is offered, and what is said of files that will not do.
#include "sluice/tls/context.h"

#include <gtest/gtest.h>

#include "sluice/tls/stream.h"

#include "tls/certificates.h"
#include "tls/tls_client.h"

namespace sluice::tls {
namespace {

using testing::CertificateDirectory;
using testing::FakePeer;
using testing::TlsClient;
using Handshake = net::TlsState::Handshake;

/// What came of a handshake.
struct Outcome {
  net::TlsState state;
  std::string server_name;
  std::string client_error;
  std::string protocol;
  std::string version;
  bool is_open = false;
};

class TlsContextTest : public ::testing::Test {
 protected:
  void Create(settings::Tls tls) {
    auto made = Context::Create(tls);
    ASSERT_TRUE(made) << made.error();
    context = *std::move(made);
  }

  Outcome Connect(TlsClient& client) {
    FakePeer peer;
    Stream stream(peer.Connect(), context, buffers);
    std::array<uint8_t, 1000> buffer;
    for (int i = 0; i < 10; ++i) {
      const std::string bytes = client.Output();
      if (bytes.empty()) break;
      peer.Send(bytes);
      while (stream.readable()) stream.Read(buffer);
      client.TakeFrom(peer);
    }
    const unsigned char* protocol = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(client.ssl(), &protocol, &size);
    return {*stream.tls(),
            client.ServerName(),
            client.error(),
            std::string(reinterpret_cast<const char*>(protocol), size),
            SSL_get_version(client.ssl()),
            client.is_open()};
  }
  Outcome Connect(const TlsClient::Options& options) {
    TlsClient client(options);
    return Connect(client);
  }
  std::string NameFor(const std::string& host) { return Connect({.host = host}).server_name; }

  CertificateDirectory files;
  Buffers buffers;
  std::shared_ptr<const Context> context;
};

TEST_F(TlsContextTest, ChoosesTheCertificateByTheHost) {
  Create(
      {{files.Make("first", "first", {"www.example.com"}),
        files.Make("wild", "wild", {"*.example.com", "example.com"}),
        files.Make("exact", "exact", {"Lab.Example.com", "lab.example.net"}),
        files.Make("subject", "old.example.org"), files.Make("again", "again", {"www.example.com"}),
        files.Make("listed", "hidden.example.org", {"listed.example.org"})}});
  EXPECT_EQ(NameFor(""), "first");
  EXPECT_EQ(NameFor("elsewhere.test"), "first");
  EXPECT_EQ(NameFor("localhost"), "first");
  EXPECT_EQ(NameFor("www.example.com"), "first");
  EXPECT_EQ(NameFor("WWW.example.COM"), "first");
  EXPECT_EQ(NameFor("other.example.com"), "wild");
  EXPECT_EQ(NameFor("example.com"), "wild");
  EXPECT_EQ(NameFor("a.other.example.com"), "first") << "a wildcard stands for one label";
  EXPECT_EQ(NameFor("lab.example.com"), "exact") << "the exact name goes before the wildcard";
  EXPECT_EQ(NameFor("lab.example.net"), "exact");
  EXPECT_EQ(NameFor("old.example.org"), "old.example.org")
      << "the subject, where no host is listed";
  EXPECT_EQ(NameFor("hidden.example.org"), "first") << "not the subject, where one is";
}

TEST_F(TlsContextTest, SpeaksTheNewestVersion) {
  Create({{files.Make("a", "a")}});
  const Outcome outcome = Connect(TlsClient::Options{});
  EXPECT_EQ(outcome.state.handshake, Handshake::kDone);
  EXPECT_TRUE(outcome.is_open);
  EXPECT_EQ(outcome.version, "TLSv1.3");
  EXPECT_EQ(outcome.protocol, "");
}

TEST_F(TlsContextTest, RefusesOlderVersionsThanItsOldest) {
  Create({{files.Make("a", "a")}});
  EXPECT_EQ(Connect({.version = TLS1_2_VERSION}).version, "TLSv1.2");
  const Outcome refused = Connect({.version = TLS1_1_VERSION});
  EXPECT_EQ(refused.state.handshake, Handshake::kFailed);
  EXPECT_EQ(refused.state.failure, "unsupported protocol");
  EXPECT_EQ(refused.client_error, "tlsv1 alert protocol version");

  Create({{files.Make("a", "a")}, settings::TlsVersion::k13});
  EXPECT_EQ(Connect({.version = TLS1_3_VERSION}).version, "TLSv1.3");
  EXPECT_EQ(Connect({.version = TLS1_2_VERSION}).state.failure, "unsupported protocol");
}

TEST_F(TlsContextTest, HasOnlyGoodCiphersInTls12) {
  Create({{files.Make("a", "a", {}, 2048)}});
  for (const auto& [cipher, is_good] :
       std::vector<std::pair<const char*, bool>>{{"ECDHE-RSA-AES128-GCM-SHA256", true},
                                                 {"ECDHE-RSA-CHACHA20-POLY1305", true},
                                                 {"AES128-GCM-SHA256", false},
                                                 {"ECDHE-RSA-AES128-SHA256", false}}) {
    TlsClient client({.version = TLS1_2_VERSION});
    ASSERT_EQ(SSL_set_cipher_list(client.ssl(), cipher), 1);
    const Outcome outcome = Connect(client);
    EXPECT_EQ(outcome.is_open, is_good) << cipher;
    EXPECT_EQ(outcome.state.failure, is_good ? "" : "no shared cipher") << cipher;
  }
}

TEST_F(TlsContextTest, ChoosesHttpAndRefusesOtherProtocols) {
  Create({{files.Make("a", "a"), files.Make("b", "b", {"b"})}});
  for (const char* host : {"", "b"}) {
    EXPECT_EQ(Connect({.host = host, .protocols = "\x02h2\x08http/1.1"}).protocol, "http/1.1");
    const Outcome refused = Connect({.host = host, .protocols = "\x02h2\x03irc"});
    EXPECT_EQ(refused.state.failure, "no application protocol");
    EXPECT_EQ(refused.client_error, "tlsv1 alert no application protocol");
  }
}

TEST_F(TlsContextTest, ResumesWithATicket) {
  Create({{files.Make("a", "a"), files.Make("b", "b", {"b"})}});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (const char* host : {"", "b"}) {
      TlsClient first({.version = version, .host = host});
      EXPECT_FALSE(Connect(first).state.is_resumed);
      const std::unique_ptr<SSL_SESSION, void (*)(SSL_SESSION*)> session(
          SSL_get1_session(first.ssl()), SSL_SESSION_free);
      ASSERT_TRUE(SSL_SESSION_is_resumable(session.get())) << version << host;
      const Outcome again = Connect({.version = version, .host = host, .session = session.get()});
      EXPECT_EQ(again.state.handshake, Handshake::kDone);
      EXPECT_TRUE(again.state.is_resumed) << version << host;
    }
  }
}

TEST_F(TlsContextTest, TellsWhyAClientLeft) {
  Create({{files.Make("a", "a")}});
  TlsClient client;
  SSL_set_verify(client.ssl(), SSL_VERIFY_PEER, nullptr);
  const Outcome outcome = Connect(client);
  EXPECT_EQ(outcome.client_error, "certificate verify failed");
  EXPECT_EQ(outcome.state.handshake, Handshake::kFailed);
  EXPECT_EQ(outcome.state.failure, "the peer sent the alert 'unknown CA'");
}

TEST_F(TlsContextTest, TellsWhichFileWillNotDo) {
  const settings::Certificate good = files.Make("good", "good");
  const settings::Certificate other = files.Make("other", "other");
  const settings::Certificate rsa = files.Make("rsa", "rsa", {}, 2048);
  const settings::Certificate weak = files.Make("weak", "weak", {}, 1024);
  const std::string empty = files.MakeFile("empty", "");
  const std::string torn =
      files.MakeFile("torn", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n");
  const std::string nowhere = files.Path("nowhere");
  const auto fault = [](const std::string& cert, const std::string& key) {
    const auto found = CheckCertificate({cert, key});
    return found ? (found->is_in_key ? "key: " : "cert: ") + found->message : "none";
  };
  EXPECT_EQ(fault(good.cert, good.key), "none");
  EXPECT_EQ(fault(rsa.cert, rsa.key), "none");
  EXPECT_EQ(fault(nowhere, good.key), "cert: cannot be read: No such file or directory");
  EXPECT_EQ(fault(good.cert, nowhere), "key: cannot be read: No such file or directory");
  EXPECT_EQ(fault(empty, good.key), "cert: holds no certificate in PEM form");
  EXPECT_EQ(fault(good.key, good.key), "cert: holds no certificate in PEM form");
  EXPECT_TRUE(fault(torn, good.key).starts_with("cert: cannot be used: ")) << fault(torn, good.key);
  EXPECT_EQ(fault(weak.cert, weak.key), "cert: cannot be used: ee key too small");
  EXPECT_EQ(fault(good.cert, other.key), "key: does not belong to the certificate");
  EXPECT_EQ(fault(good.cert, rsa.key), "key: does not belong to the certificate");
  EXPECT_EQ(fault(rsa.cert, good.key), "key: does not belong to the certificate");
  EXPECT_EQ(fault(good.cert, good.key + ".encrypted"),
            "key: is encrypted; a key without a passphrase is needed");
  EXPECT_TRUE(fault(good.cert, empty).starts_with("key: holds no private key in PEM form"))
      << fault(good.cert, empty);
  EXPECT_TRUE(fault(good.cert, good.cert).starts_with("key: holds no private key in PEM form"))
      << fault(good.cert, good.cert);
  EXPECT_EQ(ERR_peek_error(), 0u) << "the queue of errors is left empty";

  EXPECT_EQ(Context::Create({{good, {good.cert, other.key}}}).error(),
            other.key + " does not belong to the certificate");
  EXPECT_EQ(Context::Create({{{nowhere, other.key}}}).error(),
            nowhere + " cannot be read: No such file or directory");
}

TEST_F(TlsContextTest, AFileMayBeginWithAByteOrderMark) {
  const settings::Certificate good = files.Make("good", "good");
  const auto with_mark = [this](const std::string& file) {
    std::ifstream in(file);
    const std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    return files.MakeFile(std::filesystem::path(file).filename().string() + ".bom",
                          "\xEF\xBB\xBF" + text);
  };
  const settings::Certificate marked{with_mark(good.cert), with_mark(good.key)};
  EXPECT_FALSE(CheckCertificate(marked));
  EXPECT_EQ(CheckAuthorities(marked.cert), std::nullopt);
  EXPECT_TRUE(ReadValidity(marked));
}

TEST_F(TlsContextTest, TellsWhoTheClientIs) {
  const auto alice =
      files.Make("alice", "Alice \xc3\x84",
                 {"Alice.Test", "email:alice@example.org", "URI:spiffe://test/alice"});
  for (const auto wanted :
       {settings::ClientCertificate::kOptional, settings::ClientCertificate::kRequired}) {
    Create({.certificates = {files.Make("a", "a")},
            .client_ca = alice.cert,
            .client_certificate = wanted});
    const auto outcome = Connect({.certificate = alice});
    ASSERT_EQ(outcome.state.handshake, Handshake::kDone) << outcome.state.failure;
    const auto& peer = outcome.state.peer_certificate;
    ASSERT_TRUE(peer);
    EXPECT_EQ(peer->common_name, "Alice \xc3\x84");
    EXPECT_EQ(peer->dns_names, std::vector<std::string>{"alice.test"});
    EXPECT_EQ(peer->emails, std::vector<std::string>{"alice@example.org"});
    EXPECT_EQ(peer->uris, std::vector<std::string>{"spiffe://test/alice"});
    EXPECT_EQ(peer->subject, "CN=Alice \xc3\x84");
    EXPECT_EQ(peer->fingerprint.size(), 64u);
    EXPECT_EQ(peer->fingerprint.find_first_not_of("0123456789abcdef"), std::string::npos);

    const auto none = Connect({});
    EXPECT_EQ(none.state.handshake, wanted == settings::ClientCertificate::kOptional
                                        ? Handshake::kDone
                                        : Handshake::kFailed);
    EXPECT_FALSE(none.state.peer_certificate);
    const auto mallory = Connect({.certificate = files.Make("mallory", "Alice \xc3\x84")});
    EXPECT_EQ(mallory.state.handshake, Handshake::kFailed);
    EXPECT_EQ(mallory.state.failure,
              "the peer's certificate is not accepted: self-signed certificate");
    EXPECT_FALSE(mallory.state.peer_certificate);
  }
}

TEST_F(TlsContextTest, ACertificateThatNobodyAskedForIsNotSeen) {
  Create({.certificates = {files.Make("a", "a")}});
  const auto outcome = Connect({.certificate = files.Make("alice", "alice")});
  EXPECT_EQ(outcome.state.handshake, Handshake::kDone);
  EXPECT_FALSE(outcome.state.peer_certificate);
}

TEST_F(TlsContextTest, KnowsItsCiphers) {
  for (const auto* name :
       {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE+AESGCM", "TLS_AES_128_GCM_SHA256"}) {
    EXPECT_TRUE(IsCipher(name)) << name;
  }
  for (const auto* name : {"ECDHE-RSA-AES128-GCM-SHA257", "TLS_AES", ""}) {
    EXPECT_FALSE(IsCipher(name)) << name;
  }
}

}  // namespace
}  // namespace sluice::tls
