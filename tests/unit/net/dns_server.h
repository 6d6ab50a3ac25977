// A DNS server (RFC 1035) for the resolver's tests: answers A and AAAA over UDP from a map, in the
// loop of the test.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <event2/event.h>
#include <fcntl.h>

#include "sluice/net/event_loop.h"

#include "net/sockets.h"

namespace sluice::net::testing {

class DnsServer {
 public:
  explicit DnsServer(EventLoop& loop) : fd_(Bound(SOCK_DGRAM)) {
    EXPECT_EQ(fcntl(fd_.get(), F_SETFL, O_NONBLOCK), 0);
    event_.reset(event_new(
        loop.base(), fd_.get(), EV_READ | EV_PERSIST,
        [](evutil_socket_t, short, void* self) { static_cast<DnsServer*>(self)->OnQuery(); },
        this));
    event_add(event_.get(), nullptr);
  }

  config::Endpoint address() const { return Tcp("127.0.0.1", PortOf(fd_)); }

  /// Literal addresses by name; a name that is not here does not exist.
  std::map<std::string, std::vector<std::string>> names;
  /// Queries are counted and not answered.
  bool silent = false;
  int queries = 0;

 private:
  static constexpr uint16_t kA = 1;
  static constexpr uint16_t kAaaa = 28;
  static constexpr size_t kHeader = 12;

  void OnQuery() {
    std::array<char, 512> query{};
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    auto* const name = reinterpret_cast<sockaddr*>(&from);
    const ssize_t got = recvfrom(fd_.get(), query.data(), query.size(), 0, name, &size);
    if (got < static_cast<ssize_t>(kHeader)) return;
    ++queries;
    if (silent) return;
    const std::string reply = Reply({query.data(), static_cast<size_t>(got)});
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

  std::string Reply(const std::string& query) const {
    size_t at = kHeader;
    const auto found = names.find(NameIn(query, at));
    const uint16_t type = static_cast<uint8_t>(query[at + 1]);
    at += 4;
    std::string answers;
    size_t count = 0;
    if (found != names.end()) {
      for (const auto& literal : found->second) {
        std::array<char, 16> raw{};
        const bool v4 = inet_pton(AF_INET, literal.c_str(), raw.data()) == 1;
        if (!v4 && inet_pton(AF_INET6, literal.c_str(), raw.data()) != 1) continue;
        if (type != (v4 ? kA : kAaaa)) continue;
        ++count;
        const size_t length = v4 ? 4 : 16;
        // A pointer to the question's name, type, class IN, a time to live, the address.
        answers += Number(0xc00c, 2) + Number(type, 2) + Number(1, 2) + Number(60, 4) +
                   Number(length, 2) + std::string(raw.data(), length);
      }
    }
    const size_t flags = found == names.end() ? 0x8183 : 0x8180;  // NXDOMAIN, or no error.
    return query.substr(0, 2) + Number(flags, 2) + Number(1, 2) + Number(count, 2) + Number(0, 4) +
           query.substr(kHeader, at - kHeader) + answers;
  }

  Fd fd_;
  EventPtr event_;
};

}  // namespace sluice::net::testing
