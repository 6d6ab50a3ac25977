// Base64 in both alphabets. Strict: each value has exactly one text (RFC 4648 section 3.5).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/bytes.h"

namespace sluice::base {

/// Decodes the alphabet of section 4, with padding.
std::optional<std::string> DecodeBase64(std::string_view text);

/// Decodes the alphabet of section 5, without padding, as in JSON Web Tokens.
std::optional<std::string> DecodeBase64Url(std::string_view text);
std::string EncodeBase64Url(Bytes bytes);

}  // namespace sluice::base
