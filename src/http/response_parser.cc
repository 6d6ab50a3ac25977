#include "sluice/http/response_parser.h"

#include <algorithm>
#include <utility>

#include <llhttp.h>

#include "sluice/base/text.h"

#include "header_fields.h"

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

// llhttp is told behind each head that nothing of HTTP follows, and so stops right there.
class ResponseParser::Impl {
 public:
  explicit Impl(const ResponseLimits& limits) : limits_(limits) { Begin(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  base::Result<size_t, std::string> Feed(base::Bytes bytes) {
    size_t used = 0;
    while (!fault_ && !is_done_ && used < bytes.size()) used += Consume(bytes.subspan(used));
    if (fault_) return base::Unexpected(*fault_);
    return used;
  }

  bool is_done() const { return is_done_; }
  const ResponseHead& head() const { return head_; }

 private:
  void Begin() {
    llhttp_init(&llhttp_, HTTP_RESPONSE, Settings());
    llhttp_.data = this;
    head_ = {};
    is_complete_ = false;
  }

  // Up to the end of a head at most.
  size_t Consume(base::Bytes bytes) {
    bytes = bytes.first(std::min(bytes.size(), limits_.header - bytes_));
    if (bytes.empty()) {
      Fail("is longer than " + std::to_string(limits_.header) + " bytes");
      return 0;
    }
    const std::string_view text = base::AsText(bytes);
    const llhttp_errno_t error = llhttp_execute(&llhttp_, text.data(), text.size());
    size_t used = text.size();
    if (error == HPE_PAUSED_UPGRADE && is_complete_) {
      used = static_cast<size_t>(llhttp_get_error_pos(&llhttp_) - text.data());
    } else if (error != HPE_OK) {
      const char* const reason = llhttp_get_error_reason(&llhttp_);
      if (!fault_) {
        Fail(std::string("is not valid HTTP/1.1: ") + (reason == nullptr ? "malformed" : reason));
      }
      return 0;
    }
    bytes_ += used;
    if (is_complete_) Complete();
    return used;
  }

  void Complete() {
    if (llhttp_.http_major != 1 || llhttp_.http_minor != 1) {
      Fail("is not HTTP/1.1");
      return;
    }
    head_.status = llhttp_.status_code;
    if (head_.status < 200 && head_.status != kSwitchingProtocols) {
      Begin();  // The answer is still to come (RFC 9110 section 15.2).
      return;
    }
    for (Header& header : head_.headers) header.value = base::TrimWhitespace(header.value);
    is_done_ = true;
  }

  void Fail(std::string what) { fault_ = "the response " + std::move(what); }

  static Impl& Of(llhttp_t* llhttp) { return *static_cast<Impl*>(llhttp->data); }

  static int OnName(llhttp_t* llhttp, const char* at, size_t length) {
    Impl& self = Of(llhttp);
    if (!std::exchange(self.is_in_name_, true)) self.head_.headers.emplace_back();
    self.head_.headers.back().name.append(at, length);
    return 0;
  }
  // Counted here, as the parts of a name are told when the bytes end, wherever that is.
  static int OnNameComplete(llhttp_t* llhttp) {
    Impl& self = Of(llhttp);
    self.is_in_name_ = false;
    if (++self.fields_ <= self.limits_.header_count) return 0;
    self.Fail("has more than " + std::to_string(self.limits_.header_count) + " headers");
    return HPE_USER;
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
      settings.on_header_field = OnName;
      settings.on_header_field_complete = OnNameComplete;
      settings.on_header_value = OnValue;
      settings.on_headers_complete = OnHeadersComplete;
      return settings;
    }();
    return &kSettings;
  }

  const ResponseLimits limits_;
  llhttp_t llhttp_;
  ResponseHead head_;
  std::optional<std::string> fault_;
  size_t bytes_ = 0;   // Of all heads, interim ones included.
  size_t fields_ = 0;  // Likewise.
  bool is_in_name_ = false;
  bool is_complete_ = false;  // The head under way.
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
