// X-Forwarded-For and Forwarded: no input crashes the parsers, and whatever a client has written,
// the address that a trusted proxy appends is the one that counts.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "sluice/base/bytes.h"
#include "sluice/http/forwarded.h"

namespace {

using sluice::base::IpAddress;

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(sluice::base::AsText({data, size}));
  const auto appended = IpAddress::Parse("192.0.2.77");
  const auto trusts_none = [](const IpAddress&) { return false; };
  const auto trusts_others = [&](const IpAddress& ip) { return ip != *appended; };

  for (const auto& nodes : {sluice::http::ParseXForwardedFor(text + ", 192.0.2.77"),
                            sluice::http::ParseForwarded(text + ", for=192.0.2.77")
                                .value_or(std::vector<sluice::http::ForwardedNode>{})}) {
    if (nodes.empty()) continue;  // Broken: nothing is taken from it.
    Require(sluice::http::ClientAmong(nodes, trusts_none) == nodes.back());
    Require(sluice::http::ClientAmong(nodes, trusts_others) == nodes.back());
    Require(nodes.back().ip == appended && nodes.back().port == 0);
  }
  return 0;
}
