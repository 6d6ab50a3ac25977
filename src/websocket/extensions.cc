// RFC 6455 section 9.1, in the notation of RFC 2616, where white space may be between any two words
// and separators, and lists may have empty elements:
//
//     extension-list  = 1#extension
//     extension       = token *( ";" extension-param )
//     extension-param = token [ "=" (token | quoted-string) ]
//
// The text in the quotes must be a token after the escapes are resolved.
#include "sluice/websocket/extensions.h"

#include <algorithm>
#include <utility>

#include "sluice/base/text.h"

namespace sluice::websocket {
namespace {

using base::Result;
using base::Unexpected;

// Parses words at the front of the header, and skips the white space after each.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) { SkipSpace(); }

  bool at_end() const { return rest_.empty(); }

  /// Consumes `separator` if it is next. Returns false otherwise.
  bool Take(char separator) {
    if (!rest_.starts_with(separator)) return false;
    rest_.remove_prefix(1);
    SkipSpace();
    return true;
  }

  /// Consumes the next token and returns it; empty if there is none.
  std::string_view TakeToken() {
    const auto token = rest_.substr(0, rest_.find_first_of(" \t,;=\""));
    if (!base::IsToken(token)) return {};
    rest_.remove_prefix(token.size());
    SkipSpace();
    return token;
  }

  /// Consumes a quoted string after its first quote, and returns its content without escapes; unset
  /// if it has no end.
  std::optional<std::string> TakeQuoted() {
    std::string text;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        SkipSpace();
        return text;
      }
      if (rest_[i] == '\\' && ++i == rest_.size()) break;
      text += rest_[i];
    }
    return std::nullopt;
  }

  bool next_is_quote() const { return rest_.starts_with('"'); }

 private:
  void SkipSpace() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t"), rest_.size())); }

  std::string_view rest_;
};

Unexpected<std::string> Malformed(const char* what) {
  return Unexpected(std::string("Sec-WebSocket-Extensions ") + what);
}

Result<ExtensionParameter, std::string> TakeParameter(Scanner& scanner) {
  ExtensionParameter parameter{scanner.TakeToken(), std::nullopt};
  if (parameter.name.empty()) return Malformed("lacks a parameter's name behind a ';'");
  if (!scanner.Take('=')) return parameter;
  if (scanner.next_is_quote()) {
    parameter.value = scanner.TakeQuoted();
    if (!parameter.value) return Malformed("has a quoted string without an end");
    if (!base::IsToken(*parameter.value)) return Malformed("has quotes around what is no token");
  } else {
    parameter.value = scanner.TakeToken();
    if (parameter.value->empty()) return Malformed("lacks a value behind a '='");
  }
  return parameter;
}

}  // namespace

Result<std::vector<Extension>, std::string> ParseExtensions(std::string_view header) {
  std::vector<Extension> extensions;
  Scanner scanner(header);
  while (!scanner.at_end()) {
    if (scanner.Take(',')) continue;
    Extension extension{scanner.TakeToken(), {}};
    if (extension.name.empty()) return Malformed("has no token where an extension should be");
    while (scanner.Take(';')) {
      auto parameter = TakeParameter(scanner);
      if (!parameter) return Unexpected(std::move(parameter).error());
      extension.parameters.push_back(*std::move(parameter));
    }
    if (!scanner.at_end() && !scanner.Take(',')) {
      return Malformed("has something other than ',' or ';' behind a word");
    }
    extensions.push_back(std::move(extension));
  }
  return extensions;
}

}  // namespace sluice::websocket
