#include "routing/route_index.h"

#include <algorithm>

namespace sluice::routing {

uint32_t PathTree::Child(uint32_t node, bool is_capture, std::string_view piece) {
  const auto made = static_cast<uint32_t>(nodes_.size());
  uint32_t& child = is_capture ? nodes_[node].capture
                               : nodes_[node].pieces.try_emplace(std::string(piece)).first->second;
  if (child != 0) return child;
  child = made;
  nodes_.emplace_back();
  return made;
}

void PathTree::Add(const settings::PathPattern& pattern, uint32_t route) {
  if (nodes_.empty()) nodes_.emplace_back();
  uint32_t node = 0;
  size_t count = 0;
  bool is_cut = false;
  const auto go = [&](bool is_capture, std::string_view piece) {
    is_cut = is_cut || count == kMostPieces;
    if (is_cut) return;
    node = Child(node, is_capture, piece);
    ++count;
  };
  if (pattern.has_captures()) {
    for (const auto& segment : pattern.segments) go(segment.is_capture, segment.text);
  } else {
    for (std::string_view rest = pattern.path; !rest.empty() && !is_cut;) {
      rest.remove_prefix(1);
      const auto piece = rest.substr(0, rest.find('/'));
      rest.remove_prefix(piece.size());
      go(false, piece);
    }
  }
  const bool is_open = is_cut || pattern.is_prefix || !pattern.rest.empty();
  (is_open ? nodes_[node].goes_on : nodes_[node].ends).push_back(route);
}

RouteIndex::RouteIndex(const std::vector<settings::Route>& routes) {
  for (uint32_t i = 0; i < routes.size(); ++i) {
    const settings::Match& match = routes[i].match;
    const std::string_view host = match.host;
    if (host.empty()) {
      any_host_.Add(match.path, i);
    } else if (host.starts_with("*.") || host.starts_with('{')) {
      const std::string_view suffix = host.substr(host.find('.'));
      const auto dots = static_cast<size_t>(std::count(suffix.begin(), suffix.end(), '.'));
      most_dots_ = std::max(most_dots_, dots);
      suffixes_[std::string(suffix)].Add(match.path, i);
    } else {
      hosts_[match.host].Add(match.path, i);
    }
  }
}

}  // namespace sluice::routing
