// What a connection costs before its session: the request head of a browser's upgrade, its route,
// its check, and the answer to it.
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "sluice/http/request_parser.h"
#include "sluice/http/response.h"
#include "sluice/intake/upgrade_check.h"
#include "sluice/routing/router.h"
#include "sluice/websocket/handshake.h"

#include "buffers.h"

namespace sluice::bench {
namespace {

using http::RequestHead;
using http::RequestParser;

// As Chromium sends it, the cookie being one of ours.
constexpr std::string_view kHead =
    "GET /vnc?token=f3a1 HTTP/1.1\r\n"
    "Host: desk1.lab.example.com:8443\r\n"
    "Connection: Upgrade\r\n"
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/131.0.0.0 Safari/537.36\r\n"
    "Upgrade: websocket\r\n"
    "Origin: https://desk1.lab.example.com:8443\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
    "Cookie: session=0c7c1d5e8f7b4f5f9a3e6d2b1c0a9988; theme=dark\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
    "Sec-WebSocket-Protocol: binary, base64\r\n"
    "\r\n";

constexpr http::HeadLimits kLimits{.request_line = 8192, .header = 16384, .header_count = 100};

settings::Config TenRoutes() {
  settings::Config config;
  for (int i = 0; i < 9; ++i) {
    settings::Route route;
    route.match.host = i % 2 == 0 ? "" : "app.example.com";
    route.match.path = {true, "/service/" + std::to_string(i)};
    config.routes.push_back(route);
  }
  settings::Route vnc;
  vnc.match.host = "*.lab.example.com";
  vnc.match.path = {false, "/vnc"};
  config.routes.push_back(vnc);
  return config;
}

bool IsGoodUpgrade(const RequestHead& head) {
  static const settings::SessionOptions options;
  return !intake::CheckUpgradeRequest(head, options, /*uses_tls=*/false);
}

std::string Answer(const RequestHead& head) {
  return http::SwitchingProtocolsResponse(
      websocket::AcceptFor(*head.Find("Sec-WebSocket-Key")),
      websocket::ChooseSubprotocol(head.Joined("Sec-WebSocket-Protocol"), nullptr),
      /*extensions=*/{});
}

RequestParser Parsed() {
  RequestParser parser(kLimits);
  if (!parser.Feed(base::AsBytes(kHead)) || !parser.done()) std::abort();
  return parser;
}

void BM_ParseHead(benchmark::State& state) {
  for (auto _ : state) {
    RequestParser parser(kLimits);
    benchmark::DoNotOptimize(parser.Feed(base::AsBytes(kHead)));
  }
  CountBytes(state, kHead.size());
}
BENCHMARK(BM_ParseHead);

void BM_FindRoute(benchmark::State& state) {
  RequestParser parser = Parsed();
  const settings::Config config = TenRoutes();
  const routing::Router router(config);
  for (auto _ : state) {
    benchmark::DoNotOptimize(router.Find(routing::RequestFacts(parser.head())));
  }
}
BENCHMARK(BM_FindRoute);

void BM_CheckUpgrade(benchmark::State& state) {
  RequestParser parser = Parsed();
  for (auto _ : state) benchmark::DoNotOptimize(IsGoodUpgrade(parser.head()));
}
BENCHMARK(BM_CheckUpgrade);

void BM_AcceptFor(benchmark::State& state) {
  for (auto _ : state) {
    benchmark::DoNotOptimize(websocket::AcceptFor("dGhlIHNhbXBsZSBub25jZQ=="));
  }
}
BENCHMARK(BM_AcceptFor);

void BM_Answer(benchmark::State& state) {
  RequestParser parser = Parsed();
  for (auto _ : state) benchmark::DoNotOptimize(Answer(parser.head()));
}
BENCHMARK(BM_Answer);

void BM_Handshake(benchmark::State& state) {
  const settings::Config config = TenRoutes();
  const routing::Router router(config);
  for (auto _ : state) {
    RequestParser parser = Parsed();
    if (!router.Find(routing::RequestFacts(parser.head()))) std::abort();
    if (!IsGoodUpgrade(parser.head())) std::abort();
    benchmark::DoNotOptimize(Answer(parser.head()));
  }
  CountBytes(state, kHead.size());
}
BENCHMARK(BM_Handshake);

}  // namespace
}  // namespace sluice::bench
