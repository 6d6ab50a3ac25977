// A DNS server (RFC 1035) for the tests of the resolver: answers A, AAAA and SRV over UDP from
// maps, in the loop of the test.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>

#include "sluice/dns/resolver.h"
#include "sluice/net/event_loop.h"

#include "net/sockets.h"

namespace sluice::dns::testing {

class DnsServer final : private net::FdHandler {
 public:
  explicit DnsServer(net::EventLoop& loop)
      : fd_(net::testing::Bound(SOCK_DGRAM)),
        watch_(loop, fd_.get(), /*to_read=*/true, /*to_write=*/false, *this) {
    EXPECT_EQ(fcntl(fd_.get(), F_SETFL, O_NONBLOCK), 0);
  }

  settings::Endpoint address() const {
    return net::testing::Tcp("127.0.0.1", net::testing::PortOf(fd_));
  }

  /// Literal addresses by name; a name that is not here does not exist.
  std::map<std::string, std::vector<std::string>> names;
  std::map<std::string, std::vector<Service>> services;
  /// Of all its records, in seconds.
  uint32_t lifetime = 60;
  /// Queries are counted and not answered.
  bool silent = false;
  /// Queries of these types neither.
  std::set<uint16_t> silent_types;
  int queries = 0;

  static constexpr uint16_t kA = 1;
  static constexpr uint16_t kAaaa = 28;
  static constexpr uint16_t kSrv = 33;

 private:
  static constexpr size_t kHeader = 12;

  void OnFdReady(int /*fd*/, bool /*readable*/, bool /*writable*/) override {
    std::array<char, 512> query{};
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    auto* const name = reinterpret_cast<sockaddr*>(&from);
    const ssize_t got = recvfrom(fd_.get(), query.data(), query.size(), 0, name, &size);
    if (got < static_cast<ssize_t>(kHeader)) return;
    ++queries;
    const std::string text(query.data(), static_cast<size_t>(got));
    if (silent || silent_types.contains(TypeIn(text))) return;
    const std::string reply = Reply(text);
    sendto(fd_.get(), reply.data(), reply.size(), 0, name, size);
  }

  static std::string Number(size_t value, size_t size) {
    std::string bytes(size, '\0');
    for (size_t i = size; i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
    return bytes;
  }

  /// The question's name with dots.
  static std::string NameIn(const std::string& query, size_t& at) {
    std::string name;
    while (const auto length = static_cast<uint8_t>(query[at])) {
      if (!name.empty()) name += '.';
      name += query.substr(at + 1, length);
      at += length + 1u;
    }
    ++at;
    return name;
  }

  static uint16_t TypeIn(const std::string& query) {
    size_t at = kHeader;
    NameIn(query, at);
    return static_cast<uint8_t>(query[at + 1]);
  }

  /// A name as labels.
  static std::string Labels(std::string_view name) {
    std::string labels;
    while (!name.empty()) {
      const auto label = name.substr(0, name.find('.'));
      labels += static_cast<char>(label.size()) + std::string(label);
      name.remove_prefix(std::min(label.size() + 1, name.size()));
    }
    return labels + '\0';
  }

  /// A record of the question's name, to which its own name points.
  std::string Record(uint16_t type, const std::string& data) const {
    return Number(0xc00c, 2) + Number(type, 2) + Number(1, 2) + Number(lifetime, 4) +
           Number(data.size(), 2) + data;
  }

  std::string Reply(const std::string& query) const {
    size_t at = kHeader;
    const std::string name = NameIn(query, at);
    const uint16_t type = static_cast<uint8_t>(query[at + 1]);
    at += 4;
    std::string answers;
    size_t count = 0;
    const auto add = [&](const std::string& data) {
      answers += Record(type, data);
      ++count;
    };
    if (const auto found = names.find(name); found != names.end()) {
      for (const auto& literal : found->second) {
        std::array<char, 16> raw{};
        const bool v4 = inet_pton(AF_INET, literal.c_str(), raw.data()) == 1;
        if (!v4 && inet_pton(AF_INET6, literal.c_str(), raw.data()) != 1) continue;
        if (type == (v4 ? kA : kAaaa)) add({raw.data(), size_t{v4 ? 4u : 16u}});
      }
    }
    if (const auto found = services.find(name); type == kSrv && found != services.end()) {
      for (const auto& service : found->second) {
        add(Number(service.priority, 2) + Number(service.weight, 2) + Number(service.port, 2) +
            Labels(service.host));
      }
    }
    const bool is_known = names.contains(name) || services.contains(name);
    const size_t flags = is_known ? 0x8180 : 0x8183;  // No error, or NXDOMAIN.
    return query.substr(0, 2) + Number(flags, 2) + Number(1, 2) + Number(count, 2) + Number(0, 4) +
           query.substr(kHeader, at - kHeader) + answers;
  }

  net::Fd fd_;
  net::FdWatch watch_;
};

}  // namespace sluice::dns::testing
