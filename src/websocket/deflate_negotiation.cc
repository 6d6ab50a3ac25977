#include "sluice/websocket/deflate_negotiation.h"

#include <algorithm>

#include "sluice/base/text.h"

namespace sluice::websocket {
namespace {

constexpr std::string_view kServerNoContextTakeover = "server_no_context_takeover";
constexpr std::string_view kClientNoContextTakeover = "client_no_context_takeover";
constexpr std::string_view kServerMaxWindowBits = "server_max_window_bits";
constexpr std::string_view kClientMaxWindowBits = "client_max_window_bits";

// The parameters of one offer. `client_max_window_bits` without a value is kMaxWindowBits: the
// server may choose the number.
struct Offer {
  bool server_no_context_takeover = false;
  bool client_no_context_takeover = false;
  std::optional<int> server_max_window_bits;
  std::optional<int> client_max_window_bits;
};

// Sets a flag, which has no value and must not be repeated. Returns false if it is invalid.
bool ReadFlag(const ExtensionParameter& parameter, bool& flag) {
  if (flag || parameter.value) return false;
  flag = true;
  return true;
}

// Parses a decimal number without leading zeroes, 8 to 15 (section 7.1.2).
bool ReadWindowBits(const ExtensionParameter& parameter, std::optional<int> if_without_value,
                    std::optional<int>& bits) {
  if (bits) return false;
  if (!parameter.value) {
    bits = if_without_value;
    return bits.has_value();
  }
  if (parameter.value->starts_with('0')) return false;
  const auto number = base::ParseNumber(*parameter.value, kMaxWindowBits);
  if (!number || *number < kMinWindowBits) return false;
  bits = static_cast<int>(*number);
  return true;
}

bool ReadParameter(const ExtensionParameter& parameter, Offer& offer) {
  if (parameter.name == kServerNoContextTakeover) {
    return ReadFlag(parameter, offer.server_no_context_takeover);
  }
  if (parameter.name == kClientNoContextTakeover) {
    return ReadFlag(parameter, offer.client_no_context_takeover);
  }
  if (parameter.name == kServerMaxWindowBits) {
    return ReadWindowBits(parameter, std::nullopt, offer.server_max_window_bits);
  }
  if (parameter.name == kClientMaxWindowBits) {
    return ReadWindowBits(parameter, kMaxWindowBits, offer.client_max_window_bits);
  }
  return false;
}

std::string ToHeader(const DeflateAgreement& agreement, const Offer& offer) {
  std::string header(kPermessageDeflate);
  const auto add = [&header](std::string_view name) { header.append("; ").append(name); };
  const auto add_bits = [&](std::string_view name, int bits) {
    add(name);
    header.append("=").append(std::to_string(bits));
  };
  if (!agreement.server_context_takeover) add(kServerNoContextTakeover);
  if (!agreement.client_context_takeover) add(kClientNoContextTakeover);
  // An offered limit of the server's window must be answered, even the default (section 7.1.2.1).
  if (offer.server_max_window_bits || agreement.server_window_bits < kMaxWindowBits) {
    add_bits(kServerMaxWindowBits, agreement.server_window_bits);
  }
  if (agreement.client_window_bits < kMaxWindowBits) {
    add_bits(kClientMaxWindowBits, agreement.client_window_bits);
  }
  return header;
}

std::optional<DeflateAnswer> Accept(const Extension& extension,
                                    const DeflatePreferences& preferences) {
  if (extension.name != kPermessageDeflate) return std::nullopt;
  Offer offer;
  for (const auto& parameter : extension.parameters) {
    if (!ReadParameter(parameter, offer)) return std::nullopt;
  }
  DeflateAgreement agreement;
  agreement.server_window_bits = std::min(offer.server_max_window_bits.value_or(kMaxWindowBits),
                                          preferences.server_window_bits);
  if (agreement.server_window_bits < kMinDeflateWindowBits) return std::nullopt;
  if (offer.client_max_window_bits) {
    agreement.client_window_bits =
        std::min(*offer.client_max_window_bits, preferences.client_window_bits);
  }
  agreement.server_context_takeover =
      preferences.server_context_takeover && !offer.server_no_context_takeover;
  agreement.client_context_takeover =
      preferences.client_context_takeover && !offer.client_no_context_takeover;
  return DeflateAnswer{agreement, ToHeader(agreement, offer)};
}

}  // namespace

std::optional<DeflateAnswer> NegotiateDeflate(std::span<const Extension> offers,
                                              const DeflatePreferences& preferences) {
  for (const Extension& extension : offers) {
    if (auto answer = Accept(extension, preferences)) return answer;
  }
  return std::nullopt;
}

}  // namespace sluice::websocket
