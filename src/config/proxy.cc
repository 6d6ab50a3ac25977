#include "config/proxy.h"

#include <string>
#include <utility>

#include "sluice/settings/backend.h"
#include "sluice/settings/listener.h"
#include "sluice/settings/quote.h"

#include "config/values.h"

namespace sluice::config {
namespace {

using base::Unexpected;

enum class Mode : uint8_t { kOff, kOptional, kRequired };

Parsed<Mode> ParseProxyMode(std::string_view text) {
  if (text == "off") return Mode::kOff;
  if (text == "optional") return Mode::kOptional;
  if (text == "required") return Mode::kRequired;
  return Unexpected(settings::Expected("'off', 'optional' or 'required'", text));
}

Parsed<settings::SendProxy> ParseSendProxy(std::string_view text) {
  if (text == "off") return settings::SendProxy::kOff;
  if (text == "v1") return settings::SendProxy::kV1;
  if (text == "v2") return settings::SendProxy::kV2;
  return Unexpected(settings::Expected("'off', 'v1' or 'v2'", text));
}

Parsed<settings::ForwardedHeader> ParseForwardedHeader(std::string_view text) {
  if (text == "x_forwarded_for") return settings::ForwardedHeader::kXForwardedFor;
  if (text == "forwarded") return settings::ForwardedHeader::kForwarded;
  return Unexpected(settings::Expected("'x_forwarded_for' or 'forwarded'", text));
}

void ReadSources(Reader& reader, const Value& value, settings::Sources& sources) {
  for (const auto& item : reader.Items(value, "address ranges")) ReadSource(reader, item, sources);
}

struct TrustedDraft {
  settings::TrustedProxies proxies;
  bool has_from = false;
};

constexpr Field<TrustedDraft> kTrustedFields[] = {
    {"from",
     [](Reader& reader, const Value& value, TrustedDraft& draft) {
       draft.has_from = true;
       ReadSources(reader, value, draft.proxies.from);
     }},
    {"header",
     [](Reader& reader, const Value& value, TrustedDraft& draft) {
       reader.ReadScalar(value, "'x_forwarded_for' or 'forwarded'", ParseForwardedHeader,
                         draft.proxies.header);
     }},
};

}  // namespace

void ReadSource(Reader& reader, const Value& item, settings::Sources& sources) {
  const auto text =
      reader.Text(item, "an address range such as 10.0.0.0/8 or fd00::/8, or one address");
  if (!text) return;
  if (*text == "unix") {
    sources.unix_sockets = true;
  } else if (auto range = base::IpRange::Parse(*text)) {
    sources.ranges.push_back(*std::move(range));
  } else {
    reader.Error(item, range.error());
  }
}

std::optional<settings::ProxyProtocol> ReadProxyProtocol(Reader& reader,
                                                         const std::optional<Value>& mode,
                                                         const std::optional<Value>& from) {
  settings::ProxyProtocol protocol;
  auto spoken = Mode::kOff;
  const bool is_known =
      !mode || reader.ReadScalar(*mode, "'off', 'optional' or 'required'", ParseProxyMode, spoken);
  if (from) ReadSources(reader, *from, protocol.from);
  if (!is_known) return std::nullopt;
  if (spoken == Mode::kOff) {
    if (from) reader.Error(*from, "has no effect without 'proxy_protocol'");
    return std::nullopt;
  }
  if (!from) {
    // A peer that may send a header can claim any address, so by default no peer may.
    reader.Error(*mode, "also needs 'proxy_protocol_from', the addresses of the load balancers");
  }
  protocol.is_required = spoken == Mode::kRequired;
  return protocol;
}

void ReadSendProxy(Reader& reader, const Value& value, settings::SendProxy& send) {
  reader.ReadScalar(value, "'off', 'v1' or 'v2'", ParseSendProxy, send);
}

void ReadTrustedProxies(Reader& reader, const Value& value,
                        std::optional<settings::TrustedProxies>& trusted_proxies) {
  TrustedDraft draft;
  if (value.node.IsSequence()) {
    ReadSources(reader, value, draft.proxies.from);
  } else if (reader.ReadMapping<TrustedDraft>(value, kTrustedFields, draft) && !draft.has_from) {
    reader.Missing(value, "from");
  }
  trusted_proxies = std::move(draft.proxies);
}

void AddProxyMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"trusted_proxies", KeysOf<TrustedDraft>(kTrustedFields)});
}

}  // namespace sluice::config
