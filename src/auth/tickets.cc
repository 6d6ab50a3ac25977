#include "sluice/auth/tickets.h"

#include <array>
#include <utility>

#include <openssl/rand.h>

#include "sluice/base/base64.h"

namespace sluice::auth {
namespace {

constexpr size_t kMostTickets = 100'000;

}  // namespace

std::optional<std::string> Tickets::Issue(TicketTerms terms, base::TimePoint now) {
  std::array<uint8_t, 32> random;
  if (RAND_bytes(random.data(), random.size()) != 1) return std::nullopt;
  std::string ticket = base::EncodeBase64Url(random);
  const std::lock_guard lock(mutex_);
  if (entries_.size() >= kMostTickets) {
    std::erase_if(entries_, [now](const auto& entry) { return now >= entry.second.expires; });
    if (entries_.size() >= kMostTickets) return std::nullopt;
  }
  entries_.emplace(DigestOf(ticket), Entry{std::move(terms), now + kLifetime});
  return ticket;
}

base::Result<TicketTerms, std::string> Tickets::Redeem(
    std::string_view ticket, std::string_view route, const std::optional<base::IpAddress>& address,
    std::optional<std::string_view> origin, base::TimePoint now) {
  const auto fail = [](const char* why) { return base::Unexpected(std::string(why)); };
  std::unique_lock lock(mutex_);
  const auto node = entries_.extract(DigestOf(ticket));
  lock.unlock();
  if (node.empty()) return fail("the ticket is unknown, or was used before");
  const Entry& entry = node.mapped();
  if (now >= entry.expires) return fail("the ticket has expired");
  if (entry.terms.route != route) return fail("the ticket is for another route");
  if (entry.terms.address && entry.terms.address != address) {
    return fail("the ticket is for another address");
  }
  if (entry.terms.origin && entry.terms.origin != origin) {
    return fail("the ticket is for another origin");
  }
  return entry.terms;
}

size_t Tickets::size() const {
  const std::lock_guard lock(mutex_);
  return entries_.size();
}

}  // namespace sluice::auth
