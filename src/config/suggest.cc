#include "sluice/config/suggest.h"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace sluice::config {
namespace {

// A word that differs by more than a third is not a misspelling.
size_t LargestDistance(std::string_view typed) {
  return std::clamp<size_t>(typed.size() / 3, 1, 3);
}

}  // namespace

// Three rows of the table of optimal string alignment are enough.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> before_last(b.size() + 1);
  std::vector<size_t> last(b.size() + 1);
  std::vector<size_t> row(b.size() + 1);
  for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
  }
  return row[b.size()];
}

std::string_view Nearest(std::string_view typed, std::span<const std::string_view> known) {
  std::string_view nearest;
  size_t least = LargestDistance(typed) + 1;
  for (const auto word : known) {
    // The lengths alone exclude most words, and keep the table small for a long `typed`.
    const size_t longer = std::max(word.size(), typed.size());
    if (longer - std::min(word.size(), typed.size()) >= least) continue;
    if (const size_t distance = EditDistance(typed, word); distance < least) {
      least = distance;
      nearest = word;
    }
  }
  return nearest;
}

std::string Suggestion(std::string_view typed, std::span<const std::string_view> known,
                       std::string_view label) {
  if (known.empty()) return {};
  if (const auto nearest = Nearest(typed, known); !nearest.empty()) {
    return "; did you mean '" + std::string(nearest) + "'?";
  }
  std::string list = "; " + std::string(label) + ':';
  for (const auto word : known) {
    list += word == known.front() ? " " : ", ";
    list += word;
  }
  return list;
}

}  // namespace sluice::config
