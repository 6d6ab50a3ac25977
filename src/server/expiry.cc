#include "server/expiry.h"

#include <array>

namespace sluice::server {
namespace {

constexpr int64_t kHour = 3600;
constexpr int64_t kDay = 24 * kHour;
constexpr int64_t kNotice = 14 * kDay;

std::string DateOf(std::time_t time) {
  tm parts{};
  std::array<char, 32> text{};
  gmtime_r(&time, &parts);
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

std::string CountOf(int64_t number, const char* unit) {
  return std::to_string(number) + ' ' + unit + (number == 1 ? "" : "s");
}

}  // namespace

std::optional<std::string> DescribeExpiry(const tls::Validity& validity, std::time_t now) {
  const int64_t left = validity.not_after - now;
  if (left < 0) return "has expired on " + DateOf(validity.not_after);
  if (left >= kNotice || left >= (validity.not_after - validity.not_before) / 3) {
    return std::nullopt;
  }
  return "expires in " +
         (left < kDay ? CountOf(left / kHour, "hour") : CountOf(left / kDay, "day")) + ", on " +
         DateOf(validity.not_after);
}

std::optional<std::string> ExpiryWarning(const settings::Certificate& files) {
  const auto validity = tls::ReadValidity(files);
  return validity ? DescribeExpiry(*validity, std::time(nullptr)) : std::nullopt;
}

}  // namespace sluice::server
