#include <algorithm>
#include <string_view>

#include "sluice/base/text.h"

#include "auth/methods.h"

namespace sluice::auth {
namespace {

class CertificateMethod final : public Method {
 public:
  explicit CertificateMethod(const settings::CertificateAuth& config) : names_(config.names) {}

  std::string_view name() const override { return "client_certificate"; }

  CheckResult Check(const Attempt& attempt) const override {
    if (!attempt.certificate) return {Verdict{}};
    const auto is_listed = [this](std::string_view name) {
      return names_.empty() ||
             std::any_of(names_.begin(), names_.end(), [name](const auto& pattern) {
               return base::MatchesCertificateName(pattern, name);
             });
    };
    const auto& names = attempt.certificate->names;
    const auto name = std::find_if(names.begin(), names.end(), is_listed);
    const bool is_good = names_.empty() || name != names.end();
    const Digest credential = DigestOf("client_certificate");  // A connection has only one.
    if (!is_good) return {Verdict::Refused("the certificate is for none of 'names'"), credential};
    // The user is the matching name, without its type.
    std::string user = name != names.end() ? name->substr(name->find(':') + 1) : std::string();
    return {Verdict::Accepted({"client_certificate", std::move(user)}), credential};
  }

 private:
  const std::vector<std::string> names_;
};

}  // namespace

std::unique_ptr<Method> MakeCertificate(const settings::CertificateAuth& config) {
  return std::make_unique<CertificateMethod>(config);
}

}  // namespace sluice::auth
