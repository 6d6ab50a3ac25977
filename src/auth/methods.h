// The functions behind MakeMethod, each in a file of its own.
#pragma once

#include <memory>

#include "sluice/auth/method.h"

namespace sluice::auth {

std::unique_ptr<Method> MakeBasic(const config::BasicAuth& config);
std::unique_ptr<Method> MakeJwt(const config::JwtAuth& config);
std::unique_ptr<Method> MakeToken(const config::TokenAuth& config);
std::unique_ptr<Method> MakeTicket(const config::TicketAuth& config, Tickets& tickets);
std::unique_ptr<Method> MakeCertificate(const config::CertificateAuth& config);

}  // namespace sluice::auth
