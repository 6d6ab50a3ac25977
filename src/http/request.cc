#include "sluice/http/request.h"

#include "sluice/base/text.h"

#include "header_fields.h"

namespace sluice::http {

size_t RequestHead::Count(std::string_view name) const {
  return CountFields(headers, name);
}

std::optional<std::string_view> RequestHead::Find(std::string_view name) const {
  return FindField(headers, name);
}

std::string RequestHead::Joined(std::string_view name) const {
  return JoinFields(headers, name);
}

bool RequestHead::WantsUpgrade() const {
  return method != "HEAD" &&
         (base::ListContains(Joined("upgrade"), "websocket") || Count("sec-websocket-key") > 0);
}

}  // namespace sluice::http
