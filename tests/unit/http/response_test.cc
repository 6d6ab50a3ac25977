// The exact bytes of the responses, and that every cause gives a well-formed one.
#include "sluice/http/response.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::http {
namespace {

using base::Cause;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

TEST(RefusalResponse, BadRequest) {
  EXPECT_EQ(RefusalResponse({Cause::kBadRequest, "the Host header is missing"}),
            "HTTP/1.1 400 Bad Request\r\n"
            "Content-Type: text/plain; charset=utf-8\r\n"
            "Content-Length: 40\r\n"
            "Cache-Control: no-store\r\n"
            "Connection: close\r\n"
            "\r\n"
            "bad_request: the Host header is missing\n");
}

TEST(RefusalResponse, MethodNotAllowedNamesTheMethod) {
  EXPECT_THAT(RefusalResponse({Cause::kMethodNotAllowed, "x"}),
              AllOf(StartsWith("HTTP/1.1 405 Method Not Allowed\r\n"),
                    HasSubstr("\r\nAllow: GET, HEAD\r\n")));
}

TEST(RefusalResponse, UpgradeRequiredNamesTheProtocol) {
  for (const Cause cause : {Cause::kUpgradeRequired, Cause::kUnsupportedVersion}) {
    EXPECT_THAT(RefusalResponse({cause, "x"}),
                AllOf(StartsWith("HTTP/1.1 426 Upgrade Required\r\n"),
                      HasSubstr("\r\nConnection: close, Upgrade\r\n"),
                      HasSubstr("\r\nUpgrade: websocket\r\n"),
                      HasSubstr("\r\nSec-WebSocket-Version: 13\r\n")));
  }
}

TEST(RefusalResponse, DrainSaysWhenToRetry) {
  EXPECT_THAT(RefusalResponse({Cause::kDrain, "x"}),
              AllOf(StartsWith("HTTP/1.1 503 Service Unavailable\r\n"),
                    HasSubstr("\r\nRetry-After: 1\r\n")));
}

TEST(RefusalResponse, EveryCauseGivesAWellFormedResponse) {
  for (const base::CauseInfo& info : base::AllCauses()) {
    SCOPED_TRACE(info.reason);
    const std::string response = RefusalResponse({info.cause, "some detail"});
    const std::string status = std::to_string(info.http_status == 0 ? 500 : info.http_status);
    EXPECT_THAT(response, StartsWith("HTTP/1.1 " + status + ' '));
    EXPECT_THAT(response, Not(StartsWith("HTTP/1.1 " + status + " \r\n")));
    EXPECT_THAT(response, HasSubstr("\r\nConnection: close"));
    const auto head_end = response.find("\r\n\r\n");
    ASSERT_NE(head_end, std::string::npos);
    const std::string body = response.substr(head_end + 4);
    EXPECT_EQ(body, std::string(info.reason) + ": some detail\n");
    EXPECT_THAT(response, HasSubstr("\r\nContent-Length: " + std::to_string(body.size()) + "\r\n"));
  }
}

TEST(RefusalResponse, TheAnswerToHeadHasTheHeadersAlone) {
  for (const base::CauseInfo& info : base::AllCauses()) {
    const http::Refusal refusal{info.cause, "some detail"};
    const std::string whole = RefusalResponse(refusal);
    EXPECT_EQ(RefusalResponse(refusal, Content::kHeadersOnly),
              whole.substr(0, whole.find("\r\n\r\n") + 4));
  }
}

TEST(RefusalResponse, BeforeTheMethodIsKnownThereIsNoContent) {
  EXPECT_THAT(RefusalResponse({Cause::kHandshakeRate, "x"}, Content::kEmpty),
              AllOf(HasSubstr("\r\nContent-Length: 0\r\n"), ::testing::EndsWith("\r\n\r\n")));
}

TEST(RefusalResponse, BodyStaysOneLineOfText) {
  EXPECT_THAT(RefusalResponse({Cause::kBadRequest,
                               "a\r\nb\x01\xff"
                               "c"}),
              ::testing::EndsWith("\r\n\r\nbad_request: a??b??c\n"));
}

TEST(SwitchingProtocolsResponse, WithAndWithoutSubprotocol) {
  EXPECT_EQ(SwitchingProtocolsResponse("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "", ""),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "\r\n");
  EXPECT_THAT(SwitchingProtocolsResponse("x", "binary", ""),
              ::testing::EndsWith("\r\nSec-WebSocket-Protocol: binary\r\n\r\n"));
}

TEST(SwitchingProtocolsResponse, WithExtensions) {
  EXPECT_THAT(SwitchingProtocolsResponse("x", "", "permessage-deflate"),
              ::testing::EndsWith("\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"));
}

TEST(PageHeader, PlansThePage) {
  EXPECT_EQ(PageHeader({.content_type = "text/html; charset=utf-8",
                        .size = 1234,
                        .content_security_policy = "default-src 'none'"}),
            "HTTP/1.1 200 OK\r\n"
            "Content-Type: text/html; charset=utf-8\r\n"
            "Content-Length: 1234\r\n"
            "Cache-Control: no-cache\r\n"
            "X-Content-Type-Options: nosniff\r\n"
            "Content-Security-Policy: default-src 'none'\r\n"
            "Connection: close\r\n"
            "\r\n");
  EXPECT_THAT(PageHeader({.content_type = "text/plain", .size = 0, .content_security_policy = ""}),
              Not(HasSubstr("Content-Security-Policy")));
}

}  // namespace
}  // namespace sluice::http
