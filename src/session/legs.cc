#include "sluice/session/legs.h"

#include <algorithm>

namespace sluice::session {
namespace {

/// So few bytes under way to a peer may be only the last control frames and the FIN, with the
/// overhead of TLS. If there is payload among them, the kernel still sends it when we have closed.
constexpr size_t kMostUnderWayAtEnd = 256;

}  // namespace

void Legs::SetHandler(net::StreamHandler& handler) const {
  if (client) client->stream().net().SetHandler(&handler);
  if (backend) backend->stream().net().SetHandler(&handler);
}

size_t Legs::Untaken() const {
  size_t bytes = 0;
  for (const auto* leg : {client.get(), backend.get()}) {
    if (leg == nullptr) continue;
    const size_t under_way = leg->stream().progress().under_way;
    bytes += leg->queued() + (under_way > kMostUnderWayAtEnd ? under_way : 0);
  }
  return bytes;
}

uint64_t Legs::Taken() const {
  uint64_t bytes = 0;
  for (const auto* leg : {client.get(), backend.get()}) {
    if (leg != nullptr) bytes += leg->stream().progress().taken;
  }
  return bytes;
}

base::TimePoint Legs::NextCheck() const {
  base::TimePoint next = base::TimePoint::max();
  for (const auto* leg : {client.get(), backend.get()}) {
    if (leg != nullptr) next = std::min(next, leg->NextCheck());
  }
  return next;
}

base::TimePoint Legs::gives_up_at() const {
  base::TimePoint time = base::TimePoint::max();
  for (const auto* leg : {client.get(), backend.get()}) {
    if (leg != nullptr) time = std::min(time, leg->gives_up_at());
  }
  return time;
}

}  // namespace sluice::session
