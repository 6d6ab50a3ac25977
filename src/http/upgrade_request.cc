#include "sluice/http/upgrade_request.h"

namespace sluice::http {
namespace {

void Add(std::string& text, std::string_view name, std::string_view value) {
  if (!value.empty()) text.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string WriteUpgradeRequest(const UpgradeRequest& request) {
  std::string text = "GET ";
  text.append(request.target).append(" HTTP/1.1\r\n");
  Add(text, "Host", request.host);
  Add(text, "Upgrade", "websocket");
  Add(text, "Connection", "Upgrade");
  Add(text, "Sec-WebSocket-Key", request.key);
  Add(text, "Sec-WebSocket-Version", "13");
  Add(text, "Sec-WebSocket-Protocol", request.subprotocol);
  Add(text, "Sec-WebSocket-Extensions", request.extensions);
  Add(text, "Origin", request.origin);
  if (request.headers != nullptr) {
    for (const Header& header : *request.headers) Add(text, header.name, header.value);
  }
  return text += "\r\n";
}

}  // namespace sluice::http
