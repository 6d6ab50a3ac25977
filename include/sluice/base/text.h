// ASCII text as in HTTP and the configuration. The locale has no effect; bytes above 127 are
// compared unchanged. Every function is pure. Returned views refer to the arguments.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::base {

/// Returns `text` with ASCII letters in lower case.
std::string ToLower(std::string_view text);

/// Returns true if both are equal, apart from the case of ASCII letters.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

/// Returns true if `name` is `pattern`, regardless of the case. If `pattern` begins with `*.`,
/// `name` has one label in place of the star: letters, digits, `-` and `_`, so no part of an e-mail
/// address or a URI.
bool MatchesNamePattern(std::string_view pattern, std::string_view name);

/// Returns true if a typed name of a certificate (`dns:`, `uri:`, `email:` or `cn:` and the name)
/// matches a typed pattern: the types are equal, and the names match as in MatchesNamePattern, but
/// URIs exactly.
bool MatchesCertificateName(std::string_view pattern, std::string_view name);

/// Returns `text` without the spaces and tabs (RFC 9110 section 5.6.3, OWS) at its ends.
std::string_view TrimWhitespace(std::string_view text);

/// Returns `text` without the byte order mark of UTF-8 that some editors write at the beginning.
std::string_view WithoutByteOrderMark(std::string_view text);

/// Returns the elements of a comma-separated header value (RFC 9110 section 5.6.1), trimmed,
/// without empty ones.
std::vector<std::string_view> SplitList(std::string_view value);

/// Returns true if `token` is an element of a comma-separated header value, regardless of the case.
bool ListContains(std::string_view value, std::string_view token);

/// Returns true if `text` is a token (RFC 9110 section 5.6.2): at least one character, no
/// separators.
bool IsToken(std::string_view text);

/// Returns at most `limit` bytes of `text`, for a log line: longer text is cut between two
/// characters of UTF-8, and "..." follows. So a client cannot decide how long a log line is.
std::string Excerpt(std::string_view text, size_t limit = 256);

/// Returns true for a decimal digit of ASCII.
constexpr bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// Returns the value of a hexadecimal digit, or nothing for another character.
std::optional<int> HexDigit(char c);

/// Parses all of `text` as a decimal number without sign. Returns nothing for other texts, and for
/// numbers above `max`.
std::optional<uint64_t> ParseNumber(std::string_view text, uint64_t max);

}  // namespace sluice::base
