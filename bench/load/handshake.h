// The client's opening handshake (RFC 6455 section 4.1).
#pragma once

#include <random>
#include <string>
#include <string_view>

namespace sluice::bench {

std::string MakeKey(std::mt19937_64& random);

std::string UpgradeRequest(std::string_view host, std::string_view path, std::string_view key,
                           std::string_view subprotocol);

/// Checks a whole response head. Empty if it is right, else what is wrong.
std::string CheckUpgradeResponse(std::string_view head, std::string_view key,
                                 std::string_view subprotocol);

}  // namespace sluice::bench
