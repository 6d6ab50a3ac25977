#include "auth/json.h"

#include <set>
#include <string>
#include <vector>

namespace sluice::auth {
namespace {

using nlohmann::json;

// Deeper than any token, and far from what a stack holds.
constexpr int kDeepest = 32;

}  // namespace

std::optional<json> ParseObject(std::string_view text) {
  std::vector<std::set<std::string>> names;
  bool is_good = true;
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > kDeepest) is_good = false;
    if (event == json::parse_event_t::object_start) names.emplace_back();
    if (event == json::parse_event_t::object_end) names.pop_back();
    if (event == json::parse_event_t::key) {
      is_good &= names.back().insert(value.get<std::string>()).second;
    }
    return is_good;  // What is discarded is not kept, so depth costs nothing.
  };
  auto object = json::parse(text, watch, /*allow_exceptions=*/false);
  if (!is_good || !object.is_object()) return std::nullopt;
  return object;
}

}  // namespace sluice::auth
