#include "intake/proxy_header_reader.h"

#include <cstddef>
#include <utility>

namespace sluice::intake {

using HeaderStatus = proxy::HeaderParser::Status;
using metrics::ProxyHeader;

std::optional<ProxyHeaderOutcome> ProxyHeaderReader::Feed(base::Bytes bytes) {
  const auto used = parser_.Feed(bytes);
  if (!used) {
    return ProxyHeaderOutcome{
        .result = ProxyHeader::kMalformed,
        .refusal = "the PROXY header is not valid: " + std::string(used.error()),
        .received = {bytes.begin(), bytes.end()}};
  }
  if (parser_.status() == HeaderStatus::kIncomplete) return std::nullopt;
  const base::Bytes held = parser_.held();
  std::vector<uint8_t> rest(held.begin(), held.end());
  rest.insert(rest.end(), bytes.begin() + static_cast<ptrdiff_t>(*used), bytes.end());
  if (parser_.status() == HeaderStatus::kNone) {
    return ProxyHeaderOutcome{
        .result = ProxyHeader::kNone,
        .refusal = protocol_.is_required ? "the connection does not begin with a PROXY header" : "",
        .received = std::move(rest)};
  }
  if (!may_send_header_) {
    return ProxyHeaderOutcome{.result = ProxyHeader::kUntrusted,
                              .refusal = "you may not send a PROXY header here",
                              .received = {bytes.begin(), bytes.end()}};
  }
  return ProxyHeaderOutcome{
      .result = parser_.endpoints() ? ProxyHeader::kTaken : ProxyHeader::kLocal,
      .endpoints = parser_.endpoints(),
      .received = std::move(rest)};
}

}  // namespace sluice::intake
