// ASCII text as HTTP and the configuration use it. Locale plays no part; bytes above 127 compare as
// they are. Every function is pure and keeps no reference to its arguments beyond what it returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::base {

/// `text` in lower case, ASCII letters only.
std::string ToLower(std::string_view text);

/// Whether the two are the same but for the case of ASCII letters.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

/// Whether `name` is `pattern`, whatever its case, or is one label below it if that begins with
/// `*.`: letters, digits, `-` and `_`, so no part of an e-mail address or a URI.
bool MatchesNamePattern(std::string_view pattern, std::string_view name);

/// Returns whether a typed name of a certificate (`dns:`, `uri:`, `email:` or `cn:` and the name)
/// matches a typed pattern: the types are equal, and the names match as in MatchesNamePattern, but
/// URIs exactly.
bool MatchesCertificateName(std::string_view pattern, std::string_view name);

/// `text` without the spaces and tabs (RFC 9110 section 5.6.3, OWS) at its ends.
std::string_view TrimWhitespace(std::string_view text);

/// `text` without the byte order mark of UTF-8 that some editors begin a file with.
std::string_view WithoutByteOrderMark(std::string_view text);

/// The elements of a comma-separated header value (RFC 9110 section 5.6.1), trimmed, empty ones
/// left out.
std::vector<std::string_view> SplitList(std::string_view value);

/// Whether a comma-separated header value has `token` among its elements, whatever its case.
bool ListContains(std::string_view value, std::string_view token);

/// Whether `text` is a token (RFC 9110 section 5.6.2): one character or more, no separators.
bool IsToken(std::string_view text);

/// At most `limit` bytes of `text`, for a log line: cut between two characters of UTF-8 and then
/// followed by "...". Clients must not decide how long a line is.
std::string Excerpt(std::string_view text, size_t limit = 256);

/// Returns true for a decimal digit of ASCII.
constexpr bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// The value of a hexadecimal digit, nothing if it is none.
std::optional<int> HexDigit(char c);

/// The whole of `text` as a decimal number without sign, nothing if it is anything else or is over
/// `max`.
std::optional<uint64_t> ParseNumber(std::string_view text, uint64_t max);

}  // namespace sluice::base
