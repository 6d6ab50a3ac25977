// Finds the routes that may match a host and a path, without checking all of them. It is a filter:
// the routes that it returns need not match, but routes that it omits do not match. Pure.
//
//   host ──► exact names ─┐
//        ──► suffixes  ───┼──► a tree of the path's pieces ──► routes in the order of the file
//        ──► any host  ───┘
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sluice/settings/route.h"

namespace sluice::routing {

/// Allows lookups by view in maps of strings.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

template <typename T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

/// Indices into Config::routes, ascending.
using RouteList = std::vector<uint32_t>;

/// The paths of routes, as a tree of the pieces between two `/`.
class PathTree {
 public:
  /// Adds a route. Routes are added in the order of the file.
  void Add(const settings::PathPattern& pattern, uint32_t route);

  /// Calls `visit` with each list of routes that may match `path`; empty: the request has no path.
  template <typename Visit>
  void ForEach(std::string_view path, const Visit& visit) const {
    if (!nodes_.empty()) ForEachBelow(0, path, visit);
  }

 private:
  // The depth of the tree, which also bounds the recursion. Deeper pieces are left to the match.
  static constexpr size_t kMostPieces = 32;

  struct Node {
    TextMap<uint32_t> pieces;
    uint32_t capture = 0;  // The node after any piece that is not empty; 0: none.
    RouteList ends;        // Routes whose path ends here.
    RouteList goes_on;     // Routes whose path may continue with anything.
  };

  uint32_t Child(uint32_t node, bool is_capture, std::string_view piece);

  template <typename Visit>
  void ForEachBelow(uint32_t index, std::string_view path, const Visit& visit) const {
    for (;;) {
      const Node& node = nodes_[index];
      if (!node.goes_on.empty()) visit(node.goes_on);
      if (path.empty()) {
        if (!node.ends.empty()) visit(node.ends);
        return;
      }
      path.remove_prefix(1);
      const std::string_view piece = path.substr(0, path.find('/'));
      path.remove_prefix(piece.size());
      if (node.capture != 0 && !piece.empty()) ForEachBelow(node.capture, path, visit);
      const auto child = node.pieces.find(piece);
      if (child == node.pieces.end()) return;
      index = child->second;
    }
  }

  std::vector<Node> nodes_;  // The first is the root.
};

/// Immutable, so thread-safe.
class RouteIndex {
 public:
  explicit RouteIndex(const std::vector<settings::Route>& routes);

  /// Calls `visit` with each list of routes that may match `host`, normalized, and `path`.
  template <typename Visit>
  void ForEach(std::string_view host, std::string_view path, const Visit& visit) const {
    any_host_.ForEach(path, visit);
    if (host.empty()) return;
    if (const auto tree = hosts_.find(host); tree != hosts_.end())
      tree->second.ForEach(path, visit);
    size_t dot = host.size();
    for (size_t dots = 1; dots <= most_dots_ && dot != 0; ++dots) {
      dot = host.rfind('.', dot - 1);
      if (dot == std::string_view::npos) return;
      const auto tree = suffixes_.find(host.substr(dot));
      if (tree != suffixes_.end()) tree->second.ForEach(path, visit);
    }
  }

 private:
  TextMap<PathTree> hosts_;
  TextMap<PathTree> suffixes_;  // `.example.com` for `*.example.com` and `{name}.example.com`.
  PathTree any_host_;
  size_t most_dots_ = 0;  // The most dots in a suffix; bounds the search in a host.
};

}  // namespace sluice::routing
