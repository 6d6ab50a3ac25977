#include <algorithm>
#include <string_view>

#include "sluice/base/text.h"

#include "auth/methods.h"

namespace sluice::auth {
namespace {

/// Letters, digits, `-` and `_`: not the start of an e-mail address or a URI.
bool IsLabel(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_';
  });
}

/// Whether `name` is `pattern`, or is one label below it if it begins with `*.`.
bool Matches(std::string_view pattern, std::string_view name) {
  if (pattern.starts_with("*.")) {
    const auto dot = name.find('.');
    return dot != std::string_view::npos && IsLabel(name.substr(0, dot)) &&
           base::EqualsIgnoringCase(name.substr(dot), pattern.substr(1));
  }
  return base::EqualsIgnoringCase(name, pattern);
}

class CertificateMethod final : public Method {
 public:
  explicit CertificateMethod(const config::CertificateAuth& config) : names_(config.names) {}

  std::string_view name() const override { return "client_certificate"; }

  Answer Check(const Request& request) const override {
    if (!request.certificate) return Verdict{};
    const auto& certificate = *request.certificate;
    const auto is_listed = [this](std::string_view name) {
      return std::any_of(names_.begin(), names_.end(),
                         [name](const auto& pattern) { return Matches(pattern, name); });
    };
    const bool is_good = names_.empty() || is_listed(certificate.common_name) ||
                         std::any_of(certificate.names.begin(), certificate.names.end(), is_listed);
    if (!is_good) return Verdict::Refused("the certificate is for none of 'names'");
    const bool has_name = !certificate.common_name.empty() || certificate.names.empty();
    return Verdict::Accepted(
        {"client_certificate", has_name ? certificate.common_name : certificate.names.front()});
  }

 private:
  const std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<Method> MakeCertificate(const config::CertificateAuth& config) {
  return std::make_unique<CertificateMethod>(config);
}

}  // namespace sluice::auth
