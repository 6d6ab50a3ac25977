#include "header_fields.h"

#include <algorithm>
#include <cstdint>
#include <limits>

#include "sluice/base/text.h"

namespace sluice::http {
namespace {

auto IsNamed(std::string_view name) {
  return [name](const Header& header) { return base::EqualsIgnoringCase(header.name, name); };
}

}  // namespace

size_t CountFields(const std::vector<Header>& headers, std::string_view name) {
  return static_cast<size_t>(std::count_if(headers.begin(), headers.end(), IsNamed(name)));
}

std::optional<std::string_view> FindField(const std::vector<Header>& headers,
                                          std::string_view name) {
  const auto found = std::find_if(headers.begin(), headers.end(), IsNamed(name));
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

std::string JoinFields(const std::vector<Header>& headers, std::string_view name) {
  std::string joined;
  bool is_first = true;
  for (const Header& header : headers) {
    if (!base::EqualsIgnoringCase(header.name, name)) continue;
    if (!is_first) joined += ", ";
    joined += header.value;
    is_first = false;
  }
  return joined;
}

std::optional<std::string_view> CheckContentFields(const std::vector<Header>& headers) {
  const size_t lengths = CountFields(headers, "content-length");
  const bool has_encoding = CountFields(headers, "transfer-encoding") > 0;
  if (lengths > 1) return "more than one Content-Length header";
  if (lengths == 1) {
    if (has_encoding) return "both a Content-Length and a Transfer-Encoding header";
    constexpr uint64_t kAny = std::numeric_limits<uint64_t>::max();
    if (!base::ParseNumber(*FindField(headers, "content-length"), kAny)) {
      return "a Content-Length header that is not a number";
    }
  }
  if (has_encoding) {
    const std::string encodings = JoinFields(headers, "transfer-encoding");
    const auto list = base::SplitList(encodings);
    const auto chunked = std::find_if(list.begin(), list.end(), [](std::string_view encoding) {
      return base::EqualsIgnoringCase(encoding, "chunked");
    });
    if (std::distance(chunked, list.end()) > 1) {
      return "a Transfer-Encoding header in which chunked is not the last";
    }
  }
  return std::nullopt;
}

}  // namespace sluice::http
