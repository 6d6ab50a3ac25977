#include "sluice/http/request_parser.h"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <llhttp.h>

#include "sluice/base/text.h"

#include "head_scanner.h"
#include "target.h"

namespace sluice::http {

using base::Cause;
using base::Unexpected;

namespace {

// A browser sends about as many with an upgrade.
constexpr size_t kUsualHeaders = 16;

}  // namespace

// llhttp sees exactly the bytes that the scanner has let pass, from the target to the end of the
// head. The scanner's verdict on a byte comes before llhttp's, so that the outcome does not depend
// on the cuts.
class RequestParser::Impl {
 public:
  Impl(const HeadLimits& limits, HeadRules rules) : scanner_(limits, rules) {
    llhttp_init(&llhttp_, HTTP_REQUEST, Settings());
    llhttp_.data = this;
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  base::Result<size_t, Refusal> Feed(base::Bytes bytes) {
    if (refusal_) return Unexpected(*refusal_);
    if (is_done_) return size_t{0};
    refusal_ = Consume(bytes);
    if (refusal_) return Unexpected(*refusal_);
    is_done_ = scanner_.done();
    return consumed_;
  }

  bool is_done() const { return is_done_; }
  bool has_method() const { return scanner_.has_method(); }
  Content AllowedContent() const {
    if (scanner_.has_method()) {
      return scanner_.method() == "HEAD" ? Content::kHeadersOnly : Content::kWhole;
    }
    return refusal_ ? Content::kWhole : Content::kEmpty;
  }
  RequestHead& head() { return head_; }

 private:
  std::optional<Refusal> Consume(base::Bytes bytes) {
    std::optional<Refusal> refusal;
    size_t good = 0;
    size_t parsed = 0;
    while (good < bytes.size() && !scanner_.done()) {
      if (const size_t run = scanner_.TakeRun(bytes.subspan(good)); run != 0) {
        good += run;
        continue;
      }
      const bool had_method = scanner_.has_method();
      refusal = scanner_.Take(bytes[good]);
      if (refusal) break;
      ++good;
      if (had_method) continue;
      // Up to here llhttp saw nothing: it would refuse an unknown method before it can be called
      // one. It takes every method for GET.
      parsed = good;
      if (scanner_.has_method() && (refusal = Parse("GET "))) break;
    }
    if (auto earlier = Parse(base::AsText(bytes.subspan(parsed, good - parsed)))) return earlier;
    if (refusal) return refusal;
    consumed_ = good;
    return scanner_.done() ? Complete() : std::nullopt;
  }

  std::optional<Refusal> Parse(std::string_view text) {
    if (text.empty()) return std::nullopt;
    const llhttp_errno_t error = llhttp_execute(&llhttp_, text.data(), text.size());
    if (error == HPE_OK) return std::nullopt;
    // It stops behind the last byte of the head, and nowhere else.
    if (error == HPE_PAUSED_UPGRADE && scanner_.done() &&
        llhttp_get_error_pos(&llhttp_) == text.data() + text.size()) {
      return std::nullopt;
    }
    const char* reason = llhttp_get_error_reason(&llhttp_);
    return Refusal{Cause::kBadRequest, std::string("the request is not valid HTTP/1.1: ") +
                                           (reason == nullptr ? "malformed head" : reason)};
  }

  std::optional<Refusal> Complete() {
    if (!is_complete_ || head_.headers.size() != scanner_.fields()) {
      return Refusal{Cause::kBadRequest, "the request head can be read in two ways"};
    }
    for (Header& header : head_.headers) header.value = base::TrimWhitespace(header.value);
    head_.method = scanner_.method();
    if (auto refusal = TakeHost()) return refusal;
    if (auto refusal = TakeTarget()) return refusal;
    return CheckBody();
  }

  // RFC 9112 section 3.2: absent, repeated and invalid Host fields are 400.
  std::optional<Refusal> TakeHost() {
    const size_t count = head_.Count("host");
    if (count == 0 && scanner_.is_http_1_0()) return std::nullopt;
    if (count != 1) {
      return Refusal{Cause::kBadRequest, count == 0 ? "the Host header is missing"
                                                    : "the Host header is there more than once"};
    }
    auto host = ParseAuthority(*head_.Find("host"));
    if (!host) return Refusal{Cause::kBadRequest, "the Host header " + host.error()};
    head_.host = *std::move(host);
    return std::nullopt;
  }

  std::optional<Refusal> TakeTarget() {
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

  static Impl& Of(llhttp_t* llhttp) { return *static_cast<Impl*>(llhttp->data); }

  static int OnUrl(llhttp_t* llhttp, const char* at, size_t length) {
    Of(llhttp).head_.target.append(at, length);
    return 0;
  }
  static int OnName(llhttp_t* llhttp, const char* at, size_t length) {
    Impl& self = Of(llhttp);
    std::vector<Header>& headers = self.head_.headers;
    if (headers.empty()) headers.reserve(kUsualHeaders);
    if (!self.is_in_name_) headers.emplace_back();
    self.is_in_name_ = true;
    headers.back().name.append(at, length);
    return 0;
  }
  static int OnNameComplete(llhttp_t* llhttp) {
    Of(llhttp).is_in_name_ = false;
    return 0;
  }
  static int OnValue(llhttp_t* llhttp, const char* at, size_t length) {
    Of(llhttp).head_.headers.back().value.append(at, length);
    return 0;
  }
  // 2: no body, and stop behind the head.
  static int OnHeadersComplete(llhttp_t* llhttp) {
    Of(llhttp).is_complete_ = true;
    return 2;
  }

  static const llhttp_settings_t* Settings() {
    static const llhttp_settings_t kSettings = [] {
      llhttp_settings_t settings;
      llhttp_settings_init(&settings);
      settings.on_url = OnUrl;
      settings.on_header_field = OnName;
      settings.on_header_field_complete = OnNameComplete;
      settings.on_header_value = OnValue;
      settings.on_headers_complete = OnHeadersComplete;
      return settings;
    }();
    return &kSettings;
  }

  HeadScanner scanner_;
  llhttp_t llhttp_;
  RequestHead head_;
  std::optional<Refusal> refusal_;
  size_t consumed_ = 0;
  bool is_in_name_ = false;
  bool is_complete_ = false;  // as llhttp sees it
  bool is_done_ = false;      // and found good
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
