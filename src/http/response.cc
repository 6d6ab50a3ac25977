#include "sluice/http/response.h"

#include <array>
#include <cstdint>
#include <utility>

namespace sluice::http {
namespace {

constexpr std::array<std::pair<uint16_t, std::string_view>, 21> kReasonPhrases = {{
    {200, "OK"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {411, "Length Required"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
}};

std::string StatusLine(uint16_t status) {
  std::string line = "HTTP/1.1 " + std::to_string(status) + ' ';
  for (const auto& [known, phrase] : kReasonPhrases) {
    if (known == status) line += phrase;
  }
  return line += "\r\n";
}

void AddHeader(std::string& response, std::string_view name, std::string_view value) {
  response.append(name).append(": ").append(value).append("\r\n");
}

std::string RefusalBody(const Refusal& refusal) {
  std::string body(base::ReasonOf(refusal.cause));
  body += ": ";
  // A detail should contain no such bytes; if it does, the body must still be one line of text.
  for (const char c : refusal.detail) body += c >= 0x20 && c <= 0x7e ? c : '?';
  return body += '\n';
}

/// Returns the field Connection: `close` unless the connection is kept alive, and `Upgrade` if the
/// response has that field. HTTP/1.1 keeps connections alive by default.
void AddConnection(std::string& response, bool keeps_alive, bool has_upgrade = false) {
  std::string value = keeps_alive ? "" : "close";
  if (has_upgrade) value += value.empty() ? "Upgrade" : ", Upgrade";
  if (!value.empty()) AddHeader(response, "Connection", value);
}

}  // namespace

std::string RefusalResponse(const Refusal& refusal, Content content, bool keeps_alive) {
  const uint16_t row_status = base::InfoOf(refusal.cause).http_status;
  const uint16_t status = row_status == 0 ? 500 : row_status;
  const std::string body = content == Content::kEmpty ? "" : RefusalBody(refusal);
  std::string response = StatusLine(status);
  AddHeader(response, "Content-Type", "text/plain; charset=utf-8");
  AddHeader(response, "Content-Length", std::to_string(body.size()));
  AddHeader(response, "Cache-Control", "no-store");
  AddConnection(response, keeps_alive, /*has_upgrade=*/status == 426);
  if (status == 405) AddHeader(response, "Allow", "GET, HEAD");
  if (status == 426) {
    // RFC 9110 section 15.5.22 and RFC 6455 section 4.2.2.
    AddHeader(response, "Upgrade", "websocket");
    AddHeader(response, "Sec-WebSocket-Version", "13");
  }
  bool has_retry_after = false;
  for (const auto& [name, value] : refusal.headers) {
    AddHeader(response, name, value);
    has_retry_after |= name == "Retry-After";
  }
  if ((status == 429 || status == 503) && !has_retry_after) AddHeader(response, "Retry-After", "1");
  response += "\r\n";
  return content == Content::kHeadersOnly ? response : response += body;
}

std::string SwitchingProtocolsResponse(std::string_view accept, std::string_view subprotocol,
                                       std::string_view extensions) {
  constexpr std::string_view kFixed =
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: Upgrade\r\n";
  std::string response;
  response.reserve(256);
  response.append(kFixed);
  AddHeader(response, "Sec-WebSocket-Accept", accept);
  if (!subprotocol.empty()) AddHeader(response, "Sec-WebSocket-Protocol", subprotocol);
  if (!extensions.empty()) AddHeader(response, "Sec-WebSocket-Extensions", extensions);
  return response += "\r\n";
}

std::string ResponseText(const Response& response, Content content) {
  std::string text = StatusLine(response.status);
  for (const auto& [name, value] : response.headers) AddHeader(text, name, value);
  AddHeader(text, "Content-Length", std::to_string(response.body.size()));
  AddHeader(text, "Connection", "close");
  text += "\r\n";
  return content == Content::kWhole ? text += response.body : text;
}

std::string PageHeader(const Page& page, bool keeps_alive) {
  std::string response = StatusLine(200);
  AddHeader(response, "Content-Type", page.content_type);
  AddHeader(response, "Content-Length", std::to_string(page.size));
  AddHeader(response, "Cache-Control", "no-cache");
  AddHeader(response, "X-Content-Type-Options", "nosniff");
  if (!page.content_security_policy.empty()) {
    AddHeader(response, "Content-Security-Policy", page.content_security_policy);
  }
  AddConnection(response, keeps_alive);
  return response += "\r\n";
}

}  // namespace sluice::http
