#include "header_fields.h"

#include <algorithm>

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

}  // namespace sluice::http
