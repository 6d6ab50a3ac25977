// CheckContentFields: the heads that two recipients could delimit in different ways (RFC 9112
// section 6.3).
#include "http/header_fields.h"

#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

struct Case {
  std::vector<Header> headers;
  std::string_view fault;  // empty: there is none
};

TEST(HeaderFields, ContentFieldsMeanOneThing) {
  const Case kCases[] = {
      {{}, ""},
      {{{"Host", "a"}}, ""},
      {{{"Content-Length", "0"}}, ""},
      {{{"content-length", "18446744073709551615"}}, ""},
      {{{"Content-Length", "005"}}, ""},
      {{{"Transfer-Encoding", ""}}, ""},
      {{{"Transfer-Encoding", "Chunked"}}, ""},
      {{{"Transfer-Encoding", "gzip"}}, ""},
      {{{"Transfer-Encoding", "gzip"}, {"transfer-encoding", "chunked"}}, ""},
      {{{"Content-Length", ""}}, "a Content-Length header that is not a number"},
      {{{"Content-Length", "+1"}}, "a Content-Length header that is not a number"},
      {{{"Content-Length", "-1"}}, "a Content-Length header that is not a number"},
      {{{"Content-Length", "0x1"}}, "a Content-Length header that is not a number"},
      {{{"Content-Length", "1 1"}}, "a Content-Length header that is not a number"},
      {{{"Content-Length", "1, 1"}}, "a Content-Length header that is not a number"},
      {{{"CONTENT-LENGTH", "18446744073709551616"}},
       "a Content-Length header that is not a number"},
      {{{"Content-Length", "1"}, {"content-length", "1"}}, "more than one Content-Length header"},
      {{{"Content-Length", "1"}, {"Transfer-Encoding", "chunked"}},
       "both a Content-Length and a Transfer-Encoding header"},
      {{{"Transfer-Encoding", ""}, {"Content-Length", "0"}},
       "both a Content-Length and a Transfer-Encoding header"},
      {{{"Transfer-Encoding", "chunked, gzip"}},
       "a Transfer-Encoding header in which chunked is not the last"},
      {{{"Transfer-Encoding", "CHUNKED"}, {"Transfer-Encoding", "chunked"}},
       "a Transfer-Encoding header in which chunked is not the last"},
  };
  for (const Case& c : kCases) {
    EXPECT_EQ(CheckContentFields(c.headers).value_or(""), c.fault)
        << JoinFields(c.headers, "content-length") << '|'
        << JoinFields(c.headers, "transfer-encoding");
  }
}

}  // namespace
}  // namespace sluice::http
