#include "sluice/auth/method.h"

#include <algorithm>
#include <variant>

#include "auth/methods.h"

namespace sluice::auth {
namespace {

struct Maker {
  std::unique_ptr<Method> operator()(const settings::BasicAuth& basic) const {
    return MakeBasic(basic);
  }
  std::unique_ptr<Method> operator()(const settings::JwtAuth& jwt) const { return MakeJwt(jwt); }
  std::unique_ptr<Method> operator()(const settings::TokenAuth& token) const {
    return MakeToken(token);
  }
  std::unique_ptr<Method> operator()(const settings::TicketAuth& ticket) const {
    return MakeTicket(ticket, tickets);
  }
  std::unique_ptr<Method> operator()(const settings::CertificateAuth& certificate) const {
    return MakeCertificate(certificate);
  }

  Tickets& tickets;
};

}  // namespace

std::string BearerChallenge(const std::vector<settings::TokenSource>& from) {
  const settings::TokenSource header{settings::TokenSource::Kind::kAuthorization};
  return std::find(from.begin(), from.end(), header) != from.end() ? "Bearer" : "";
}

std::vector<settings::FileFault> InFile(const std::string& path,
                                        std::vector<settings::FileFault> faults) {
  for (auto& fault : faults) fault.path = path;
  return faults;
}

std::unique_ptr<Method> MakeMethod(const settings::AuthMethod& method, Tickets& tickets) {
  return std::visit(Maker{tickets}, method);
}

}  // namespace sluice::auth
