// The header Sec-WebSocket-Extensions (RFC 6455 section 9.1): a list of extensions, each with
// parameters.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"

namespace sluice::websocket {

struct ExtensionParameter {
  std::string_view name;
  /// The value without quotes and escapes; unset without `=`. Always a token.
  std::optional<std::string> value;
};

/// One offer of the client. Names are views of the parsed header.
struct Extension {
  std::string_view name;
  std::vector<ExtensionParameter> parameters;
};

/// Parses all offers, in the client's order. An empty header, or one with only commas, has none.
///
/// The error, one sentence, is for a header that breaks the grammar. A server must then refuse the
/// handshake with 400, whatever extensions it knows (sections 4.2.1 and 9.1). Well-formed but
/// invalid parameters are not an error here: the extension is then declined.
base::Result<std::vector<Extension>, std::string> ParseExtensions(std::string_view header);

}  // namespace sluice::websocket
