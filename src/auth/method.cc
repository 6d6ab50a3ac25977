#include "sluice/auth/method.h"

#include <algorithm>
#include <variant>

#include "auth/methods.h"

namespace sluice::auth {
namespace {

struct Maker {
  std::unique_ptr<Method> operator()(const config::BasicAuth& basic) const {
    return MakeBasic(basic);
  }
  std::unique_ptr<Method> operator()(const config::JwtAuth& jwt) const { return MakeJwt(jwt); }
  std::unique_ptr<Method> operator()(const config::TokenAuth& token) const {
    return MakeToken(token);
  }
  std::unique_ptr<Method> operator()(const config::TicketAuth& ticket) const {
    return MakeTicket(ticket, tickets);
  }
  std::unique_ptr<Method> operator()(const config::CertificateAuth& certificate) const {
    return MakeCertificate(certificate);
  }

  Tickets& tickets;
};

}  // namespace

std::string BearerChallenge(const std::vector<config::TokenSource>& from) {
  const config::TokenSource header{config::TokenSource::Kind::kAuthorization};
  return std::find(from.begin(), from.end(), header) != from.end() ? "Bearer" : "";
}

std::vector<config::FileFault> InFile(const std::string& path,
                                      std::vector<config::FileFault> faults) {
  for (auto& fault : faults) fault.path = path;
  return faults;
}

std::unique_ptr<Method> MakeMethod(const config::AuthMethod& method, Tickets& tickets) {
  return std::visit(Maker{tickets}, method);
}

}  // namespace sluice::auth
