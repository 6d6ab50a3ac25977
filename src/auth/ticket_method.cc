#include <utility>

#include "sluice/auth/credentials.h"
#include "sluice/auth/tickets.h"

#include "auth/methods.h"

namespace sluice::auth {
namespace {

class TicketMethod final : public Method {
 public:
  TicketMethod(const settings::TicketAuth& config, Tickets& tickets)
      : config_(config), tickets_(tickets) {}

  std::string_view name() const override { return "ticket"; }
  std::string Challenge() const override { return BearerChallenge(config_.from); }

  CheckResult Check(const Attempt& attempt) const override {
    const auto ticket = FindToken(attempt.head, attempt.route.match, config_.from);
    if (!ticket) return {Verdict{}};
    const Digest credential = IdentifyToken(*ticket);
    if (!ticket->value) return {Verdict::Refused("the ticket cannot be read"), credential};
    auto terms = tickets_.Redeem(*ticket->value, attempt.route.name, attempt.address,
                                 attempt.head.Find("Origin"), attempt.now);
    if (!terms) return {Verdict::Refused(std::move(terms).error()), credential};
    Identity identity{"ticket", terms->user};
    identity.server = terms->server;
    return {Verdict::Accepted(std::move(identity)), credential};
  }

 private:
  const settings::TicketAuth config_;
  Tickets& tickets_;
};

}  // namespace

std::unique_ptr<Method> MakeTicket(const settings::TicketAuth& config, Tickets& tickets) {
  return std::make_unique<TicketMethod>(config, tickets);
}

}  // namespace sluice::auth
