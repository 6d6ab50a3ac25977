#include "sluice/http/response_parser.h"

#include <algorithm>
#include <utility>

#include "field_parser.h"
#include "header_fields.h"
#include "status_line_parser.h"

namespace sluice::http {
namespace {

constexpr int kSwitchingProtocols = 101;

}  // namespace

size_t ResponseHead::Count(std::string_view name) const {
  return CountFields(headers, name);
}

std::optional<std::string_view> ResponseHead::Find(std::string_view name) const {
  return FindField(headers, name);
}

std::string ResponseHead::Joined(std::string_view name) const {
  return JoinFields(headers, name);
}

class ResponseParser::Impl {
 public:
  explicit Impl(const ResponseLimits& limits) : limits_(limits), fields_(limits.header_count) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  base::Result<size_t, std::string> Feed(base::Bytes bytes) {
    size_t used = 0;
    while (!fault_ && !is_done_ && used < bytes.size()) used += Parse(bytes.subspan(used));
    if (fault_) return base::Unexpected(*fault_);
    return used;
  }

  bool is_done() const { return is_done_; }
  const ResponseHead& head() const { return head_; }

 private:
  /// Parses up to the end of one head, which may be an interim one.
  size_t Parse(base::Bytes bytes) {
    const base::Bytes allowed = bytes.first(std::min(bytes.size(), limits_.header - bytes_));
    size_t used = 0;
    if (!line_.done()) {
      const auto in_line = line_.Feed(allowed);
      if (!in_line) return Fail(in_line.error());
      used = *in_line;
    }
    if (line_.done()) {
      const auto in_fields = fields_.Feed(allowed.subspan(used));
      if (!in_fields) return Fail(in_fields.error());
      used += *in_fields;
    }
    bytes_ += used;
    if (fields_.done()) {
      Complete();
    } else if (used < bytes.size()) {
      return Fail("is longer than " + std::to_string(limits_.header) + " bytes");
    }
    return used;
  }

  void Complete() {
    if (const auto fault = CheckContentFields(fields_.fields())) {
      Fail("is not valid HTTP/1.1: it has " + std::string(*fault));
      return;
    }
    if (line_.status() < 200 && line_.status() != kSwitchingProtocols) {
      // An interim response: the final one follows (RFC 9110 section 15.2).
      field_count_ += fields_.fields().size();
      line_ = StatusLineParser();
      fields_ = FieldParser(limits_.header_count - field_count_);
      return;
    }
    head_ = {line_.status(), std::move(fields_.fields())};
    is_done_ = true;
  }

  size_t Fail(std::string what) {
    fault_ = "the response " + std::move(what);
    return 0;
  }

  size_t Fail(HeadError error) {
    if (error == HeadError::kOtherVersion) return Fail("is not HTTP/1.1");
    if (error == HeadError::kTooManyFields) {
      return Fail("has more than " + std::to_string(limits_.header_count) + " headers");
    }
    return Fail("is not valid HTTP/1.1: " + std::string(Describe(error)));
  }

  const ResponseLimits limits_;
  StatusLineParser line_;
  FieldParser fields_;
  ResponseHead head_;
  std::optional<std::string> fault_;
  size_t bytes_ = 0;        // of all heads, including interim ones
  size_t field_count_ = 0;  // of the interim heads
  bool is_done_ = false;
};

ResponseParser::ResponseParser(const ResponseLimits& limits)
    : impl_(std::make_unique<Impl>(limits)) {}
ResponseParser::~ResponseParser() = default;

base::Result<size_t, std::string> ResponseParser::Feed(base::Bytes bytes) {
  return impl_->Feed(bytes);
}
bool ResponseParser::done() const {
  return impl_->is_done();
}
const ResponseHead& ResponseParser::head() const {
  return impl_->head();
}

}  // namespace sluice::http
