#include <algorithm>
#include <string_view>

#include "sluice/base/text.h"

#include "auth/methods.h"

namespace sluice::auth {
namespace {

class CertificateMethod final : public Method {
 public:
  explicit CertificateMethod(const config::CertificateAuth& config) : names_(config.names) {}

  std::string_view name() const override { return "client_certificate"; }

  Answer Check(const Request& request) const override {
    if (!request.certificate) return Verdict{};
    const auto& certificate = *request.certificate;
    const auto is_listed = [this](std::string_view name) {
      return std::any_of(names_.begin(), names_.end(), [name](const auto& pattern) {
        return base::MatchesNamePattern(pattern, name);
      });
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
