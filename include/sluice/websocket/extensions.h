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
  /// As sent, or without its quotes and escapes; nothing if there was no `=`. Always a token.
  std::optional<std::string> value;
};

/// One offer of the client. Names are views of the header that it was read from.
struct Extension {
  std::string_view name;
  std::vector<ExtensionParameter> parameters;
};

/// All offers, in the client's order. An empty header, or one of commas alone, has none.
///
/// The error, one sentence, is for a header that breaks the grammar. A server must then refuse the
/// whole handshake with 400, whatever extensions it knows (sections 4.2.1 and 9.1). Parameters that
/// are well-formed but make no sense are the business of the extension, which is then declined.
base::Result<std::vector<Extension>, std::string> ParseExtensions(std::string_view header);

}  // namespace sluice::websocket
