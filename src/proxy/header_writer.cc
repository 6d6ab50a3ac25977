#include "sluice/proxy/header_writer.h"

#include <algorithm>

#include "sluice/base/bytes.h"

#include "proxy/wire.h"

namespace sluice::proxy {
namespace {

using Out = std::vector<uint8_t>;

constexpr size_t kLongestText = 255;

bool IsV4(const Endpoints& endpoints) {
  return endpoints.source.ip.is_v4() && endpoints.destination.ip.is_v4();
}

/// Formats an address as IPv6, as in a TCP6 line.
std::string ToV6Text(const base::IpAddress& ip) {
  return (ip.is_v4() ? "::ffff:" : "") + ip.ToString();
}

void Append(Out& out, base::Bytes bytes) {
  out.insert(out.end(), bytes.begin(), bytes.end());
}

void AppendU16(Out& out, size_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}

void AppendTlv(Out& out, TlvType type, base::Bytes value) {
  out.push_back(static_cast<uint8_t>(type));
  AppendU16(out, value.size());
  Append(out, value);
}

void AppendText(Out& out, TlvType type, std::string_view text) {
  if (!text.empty() && text.size() <= kLongestText) AppendTlv(out, type, base::AsBytes(text));
}

// Section 2.2.6: the client's byte, four bytes that are zero for a valid certificate, and TLVs.
Out SslValue(const Details::Tls& tls) {
  uint8_t client = kClientSsl;
  if (tls.has_certificate) client |= kClientCertificateOnConnection | kClientCertificateInSession;
  Out value = {client, 0, 0, 0, static_cast<uint8_t>(tls.has_certificate ? 0 : 1)};
  AppendText(value, TlvType::kSslVersion, tls.version);
  AppendText(value, TlvType::kSslCommonName, tls.common_name);
  AppendText(value, TlvType::kSslCipher, tls.cipher);
  return value;
}

void AppendEndpoints(Out& out, const Endpoints& endpoints) {
  const size_t skipped = IsV4(endpoints) ? 12 : 0;
  Append(out, base::Bytes(endpoints.source.ip.bytes()).subspan(skipped));
  Append(out, base::Bytes(endpoints.destination.ip.bytes()).subspan(skipped));
  AppendU16(out, endpoints.source.port);
  AppendU16(out, endpoints.destination.port);
}

}  // namespace

Out WriteV1(const std::optional<Endpoints>& endpoints) {
  std::string line(kV1Prefix);
  if (endpoints) {
    const auto& [source, destination] = *endpoints;
    line += IsV4(*endpoints) ? "TCP4 " + source.ip.ToString() + ' ' + destination.ip.ToString()
                             : "TCP6 " + ToV6Text(source.ip) + ' ' + ToV6Text(destination.ip);
    line += ' ' + std::to_string(source.port) + ' ' + std::to_string(destination.port);
  } else {
    line += "UNKNOWN";
  }
  line += "\r\n";
  return {line.begin(), line.end()};
}

Out WriteV2(const std::optional<Endpoints>& endpoints, const Details& details) {
  Out rest;
  if (endpoints) AppendEndpoints(rest, *endpoints);
  AppendText(rest, TlvType::kAlpn, details.alpn);
  AppendText(rest, TlvType::kAuthority, details.authority);
  AppendText(rest, TlvType::kUniqueId, details.unique_id);
  if (details.tls) AppendTlv(rest, TlvType::kSsl, SslValue(*details.tls));

  Out out(kV2Signature.begin(), kV2Signature.end());
  out.push_back(kVersion2 | kProxy);
  out.push_back(!endpoints ? kUnspecified : IsV4(*endpoints) ? kTcpOverV4 : kTcpOverV6);
  AppendU16(out, rest.size());
  Append(out, rest);
  return out;
}

Out WriteLocalV2() {
  Out out(kV2Signature.begin(), kV2Signature.end());
  out.push_back(kVersion2 | kLocal);
  out.push_back(kUnspecified);
  AppendU16(out, 0);
  return out;
}

}  // namespace sluice::proxy
