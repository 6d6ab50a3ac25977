#include "auth/json.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

namespace sluice::auth {
namespace {

using nlohmann::json;

// Deeper than any token, and far below the limit of the stack.
constexpr int kDeepest = 32;

/// Stores the position where the parser stops, and no values.
class ErrorPosition final : public nlohmann::json_sax<json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    position_ = position;
    return false;
  }

  /// Counts characters from 1.
  size_t position() const { return position_; }

 private:
  size_t position_ = 0;
};

}  // namespace

std::optional<int> FindSyntaxError(std::string_view text) {
  ErrorPosition error;
  if (json::sax_parse(text, &error)) return std::nullopt;
  const auto before = text.substr(0, error.position() == 0 ? 0 : error.position() - 1);
  return 1 + static_cast<int>(std::count(before.begin(), before.end(), '\n'));
}

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
    return is_good;  // Discarded values are not stored, so depth costs nothing.
  };
  auto object = json::parse(text, watch, /*allow_exceptions=*/false);
  if (!is_good || !object.is_object()) return std::nullopt;
  return object;
}

}  // namespace sluice::auth
