// The functions that MakeMethod calls, each in a file of its own.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sluice/auth/method.h"

namespace sluice::auth {

/// Returns the challenge of a method with tokens; empty if its token is not read from the
/// Authorization header.
std::string BearerChallenge(const std::vector<settings::TokenSource>& from);

/// Converts the faults that a parser found in a text to faults in the file at `path`.
std::vector<settings::FileFault> InFile(const std::string& path,
                                        std::vector<settings::FileFault> faults);

std::unique_ptr<Method> MakeBasic(const settings::BasicAuth& config);
std::unique_ptr<Method> MakeJwt(const settings::JwtAuth& config);
std::unique_ptr<Method> MakeToken(const settings::TokenAuth& config);
std::unique_ptr<Method> MakeTicket(const settings::TicketAuth& config, Tickets& tickets);
std::unique_ptr<Method> MakeCertificate(const settings::CertificateAuth& config);

}  // namespace sluice::auth
