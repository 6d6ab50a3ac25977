// Base64 in both alphabets, strict: one text for each value (RFC 4648 section 3.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/bytes.h"

namespace sluice::base {

/// Section 4, with padding.
std::optional<std::string> DecodeBase64(std::string_view text);

/// Section 5, without padding, as JSON Web Tokens have it.
std::optional<std::string> DecodeBase64Url(std::string_view text);
std::string EncodeBase64Url(Bytes bytes);

}  // namespace sluice::base
