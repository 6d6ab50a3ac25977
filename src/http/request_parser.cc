#include "sluice/http/request_parser.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "sluice/base/text.h"

#include "field_parser.h"
#include "header_fields.h"
#include "request_line_parser.h"
#include "target.h"

namespace sluice::http {

using base::Cause;
using base::Unexpected;

class RequestParser::Impl {
 public:
  Impl(const HeadLimits& limits, HeadRules rules)
      : limits_(limits), line_(limits.request_line, rules), fields_(limits.header_count) {}
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  base::Result<size_t, Refusal> Feed(base::Bytes bytes) {
    if (refusal_) return Unexpected(*refusal_);
    if (is_done_) return size_t{0};
    auto used = Parse(bytes);
    if (!used) refusal_ = used.error();
    return used;
  }

  bool is_done() const { return is_done_; }
  bool has_method() const { return line_.has_method(); }
  Content AllowedContent() const {
    if (line_.has_method()) {
      return line_.method() == "HEAD" ? Content::kHeadersOnly : Content::kWhole;
    }
    return refusal_ ? Content::kWhole : Content::kEmpty;
  }
  RequestHead& head() { return head_; }

 private:
  base::Result<size_t, Refusal> Parse(base::Bytes bytes) {
    const base::Bytes allowed = bytes.first(std::min(bytes.size(), limits_.header - bytes_));
    size_t used = 0;
    if (!line_.done()) {
      auto in_line = line_.Feed(allowed);
      if (!in_line) return in_line;
      used = *in_line;
    }
    if (line_.done()) {
      const auto in_fields = fields_.Feed(allowed.subspan(used));
      if (!in_fields) return Unexpected(InvalidFields(in_fields.error()));
      used += *in_fields;
    }
    bytes_ += used;
    if (fields_.done()) {
      if (auto refusal = Complete()) return Unexpected(*std::move(refusal));
      is_done_ = true;
    } else if (used < bytes.size()) {
      return Unexpected(
          Refusal{Cause::kHeaderTooLarge,
                  "the request head is longer than " + std::to_string(limits_.header) + " bytes"});
    }
    return used;
  }

  Refusal InvalidFields(HeadError error) const {
    if (error != HeadError::kTooManyFields) {
      return {Cause::kBadRequest, std::string(Describe(error))};
    }
    return {Cause::kHeaderTooLarge,
            "the request has more than " + std::to_string(limits_.header_count) + " headers"};
  }

  /// Checks the combination of the lines when all of them have been parsed.
  std::optional<Refusal> Complete() {
    head_.method = line_.method();
    head_.target = std::move(line_.target());
    head_.headers = std::move(fields_.fields());
    if (const auto fault = CheckContentFields(head_.headers)) {
      return Refusal{Cause::kBadRequest, "the request has " + std::string(*fault)};
    }
    if (auto refusal = ParseHost()) return refusal;
    if (auto refusal = SplitTarget()) return refusal;
    return CheckBody();
  }

  // RFC 9112 section 3.2: absent, repeated and invalid Host fields are 400.
  std::optional<Refusal> ParseHost() {
    const size_t count = head_.Count("host");
    if (count == 0 && line_.is_http_1_0()) return std::nullopt;
    if (count != 1) {
      return Refusal{Cause::kBadRequest, count == 0 ? "the Host header is missing"
                                                    : "the Host header is there more than once"};
    }
    auto host = ParseAuthority(*head_.Find("host"));
    if (!host) return Refusal{Cause::kBadRequest, "the Host header " + host.error()};
    head_.host = *std::move(host);
    return std::nullopt;
  }

  std::optional<Refusal> SplitTarget() {
    auto target = ParseTarget(head_.target);
    if (!target) return std::move(target).error();
    head_.path = std::move(target->path);
    head_.query = std::move(target->query);
    if (!target->authority.empty()) head_.host = std::move(target->authority);
    return std::nullopt;
  }

  std::optional<Refusal> CheckBody() const {
    if (!head_.WantsUpgrade()) return std::nullopt;
    if (head_.Count("transfer-encoding") > 0) {
      return Refusal{Cause::kBadRequest, "an upgrade cannot have a body (Transfer-Encoding)"};
    }
    if (const auto length = head_.Find("content-length");
        length && !base::ParseNumber(*length, 0)) {
      return Refusal{Cause::kBadRequest, "an upgrade cannot have a body (Content-Length)"};
    }
    return std::nullopt;
  }

  const HeadLimits limits_;
  RequestLineParser line_;
  FieldParser fields_;
  RequestHead head_;
  std::optional<Refusal> refusal_;
  size_t bytes_ = 0;
  bool is_done_ = false;
};

RequestParser::RequestParser(const HeadLimits& limits, HeadRules rules)
    : impl_(std::make_unique<Impl>(limits, rules)) {}
RequestParser::~RequestParser() = default;
RequestParser::RequestParser(RequestParser&&) noexcept = default;
RequestParser& RequestParser::operator=(RequestParser&&) noexcept = default;

base::Result<size_t, Refusal> RequestParser::Feed(base::Bytes bytes) {
  return impl_->Feed(bytes);
}
bool RequestParser::done() const {
  return impl_->is_done();
}
bool RequestParser::has_method() const {
  return impl_->has_method();
}
Content RequestParser::AllowedContent() const {
  return impl_->AllowedContent();
}
RequestHead& RequestParser::head() {
  return impl_->head();
}

}  // namespace sluice::http
