#include "sluice/http/request.h"

#include <algorithm>

#include "sluice/base/text.h"

namespace sluice::http {
namespace {

auto IsNamed(std::string_view name) {
  return [name](const Header& header) { return base::EqualsIgnoringCase(header.name, name); };
}

}  // namespace

size_t RequestHead::Count(std::string_view name) const {
  return static_cast<size_t>(std::count_if(headers.begin(), headers.end(), IsNamed(name)));
}

std::optional<std::string_view> RequestHead::Find(std::string_view name) const {
  const auto found = std::find_if(headers.begin(), headers.end(), IsNamed(name));
  if (found == headers.end()) return std::nullopt;
  return found->value;
}

std::string RequestHead::Joined(std::string_view name) const {
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

bool RequestHead::WantsUpgrade() const {
  return base::ListContains(Joined("upgrade"), "websocket") || Count("sec-websocket-key") > 0;
}

}  // namespace sluice::http
