// The table of causes, and that docs/close-codes.md tells the same story row by row.
#include "sluice/base/cause.h"

#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/base/text.h"

#include "source_directory.h"

namespace sluice::base {
namespace {

using ::testing::AnyOf;
using ::testing::Not;

// Words of lower-case letters, and digits after them, joined by single underscores.
bool IsSnakeCase(std::string_view text) {
  char last = '_';
  for (const char c : text) {
    const bool letter = c >= 'a' && c <= 'z';
    const bool digit = c >= '0' && c <= '9';
    if (!letter && (last == '_' || (!digit && c != '_'))) return false;
    last = c;
  }
  return last != '_';
}

TEST(CauseTest, EveryCauseHasItsRow) {
  size_t index = 0;
  for (const CauseInfo& info : AllCauses()) {
    EXPECT_EQ(static_cast<size_t>(info.cause), index++);
    EXPECT_EQ(&InfoOf(info.cause), &info);
    EXPECT_EQ(ReasonOf(info.cause), info.reason);
  }
  EXPECT_EQ(index, static_cast<size_t>(Cause::kDrain) + 1) << "kDrain is the last enumerator";
}

TEST(CauseTest, SnakeCaseIsToldFromOthers) {
  for (const std::string_view good : {"a", "drain", "invalid_utf8", "a_b_c"}) {
    EXPECT_TRUE(IsSnakeCase(good)) << good;
  }
  for (const std::string_view bad : {"", "_a", "a_", "a__b", "A", "a-b", "8", "a_8", "a b"}) {
    EXPECT_FALSE(IsSnakeCase(bad)) << bad;
  }
}

TEST(CauseTest, ReasonsAreUniqueAndSnakeCase) {
  std::set<std::string_view> seen;
  for (const CauseInfo& info : AllCauses()) {
    EXPECT_TRUE(IsSnakeCase(info.reason)) << info.reason;
    EXPECT_TRUE(seen.insert(info.reason).second) << info.reason;
    // A Close frame's reason is at most 123 bytes long (RFC 6455 section 5.5).
    EXPECT_LE(info.reason.size(), 123u) << info.reason;
  }
}

TEST(CauseTest, StatusesAreErrors) {
  for (const CauseInfo& info : AllCauses()) {
    if (info.http_status == 0) continue;
    EXPECT_THAT(info.http_status,
                AnyOf(400, 401, 403, 404, 405, 408, 414, 421, 426, 429, 431, 502, 503, 504, 505))
        << info.reason;
  }
}

TEST(CauseTest, CloseCodesAreOfTheRegistryAndMayBeSent) {
  for (const CauseInfo& info : AllCauses()) {
    if (info.close_code == 0) continue;
    EXPECT_THAT(info.close_code,
                AnyOf(1000, 1001, 1002, 1003, 1007, 1008, 1009, 1011, 1012, 1013, 1014))
        << info.reason;
  }
}

// What docs/architecture.md promises of some causes, so that an edit of the table is no accident.
TEST(CauseTest, TheDesignsCodes) {
  const std::map<Cause, uint16_t> codes = {
      {Cause::kBackendClosed, 1000},      {Cause::kBackendReset, 1011},
      {Cause::kBackendRefused, 1014},     {Cause::kBackendUnreachable, 1014},
      {Cause::kBackendUnresolved, 1014},  {Cause::kBackendConnectTimeout, 1014},
      {Cause::kLocalResources, 1013},     {Cause::kDrain, 1012},
      {Cause::kProtocolError, 1002},      {Cause::kInvalidUtf8, 1007},
      {Cause::kMessageTooBig, 1009},      {Cause::kLineEndInMessage, 1008},
      {Cause::kBackendFraming, 1011},     {Cause::kBackendMessageTooBig, 1009},
      {Cause::kBackendInvalidUtf8, 1007}, {Cause::kIdleTimeout, 1001},
      {Cause::kClientClosed, 0},          {Cause::kClientLost, 0},
  };
  for (const auto& [cause, code] : codes) EXPECT_EQ(InfoOf(cause).close_code, code);
  EXPECT_EQ(ReasonOf(Cause::kBackendClosed), "backend_closed");
  EXPECT_EQ(ReasonOf(Cause::kBackendReset), "backend_reset");
  EXPECT_EQ(ReasonOf(Cause::kBackendRefused), "backend_refused");
  EXPECT_EQ(ReasonOf(Cause::kDrain), "drain");
  EXPECT_EQ(ReasonOf(Cause::kIdleTimeout), "idle_timeout");
}

TEST(CauseTest, AFailedDialCanBeToldBothWays) {
  for (const Cause cause : {Cause::kBackendRefused, Cause::kBackendUnreachable,
                            Cause::kBackendUnresolved, Cause::kBackendConnectTimeout}) {
    EXPECT_THAT(InfoOf(cause).http_status, AnyOf(502, 504)) << ReasonOf(cause);
    EXPECT_EQ(InfoOf(cause).close_code, 1014) << ReasonOf(cause);
  }
}

TEST(CauseTest, DescriptionsAreOneLineWithoutAPeriod) {
  for (const CauseInfo& info : AllCauses()) {
    EXPECT_FALSE(info.description.empty()) << info.reason;
    EXPECT_EQ(info.description.find('\n'), std::string_view::npos) << info.reason;
    EXPECT_FALSE(info.description.ends_with('.')) << info.reason;
  }
}

TEST(CauseTest, AStatusBlamesTheSideThatItsClassNames) {
  for (const CauseInfo& info : AllCauses()) {
    if (info.http_status / 100 == 4) {
      EXPECT_EQ(info.fault, Fault::kClient) << info.reason;
    }
    if (info.http_status == 502 || info.http_status == 504) {
      EXPECT_EQ(info.fault, Fault::kBackend) << info.reason;
    }
  }
}

TEST(CauseTest, FaultsHaveNames) {
  EXPECT_EQ(ToString(Fault::kNobody), "nobody");
  EXPECT_EQ(ToString(Fault::kClient), "client");
  EXPECT_EQ(ToString(Fault::kBackend), "backend");
  EXPECT_EQ(ToString(Fault::kSluice), "sluice");
}

// A row of the page: | `reason` | status | code | fault | meaning | what to look at |
using Row = std::vector<std::string>;

std::vector<Row> RowsOfPage() {
  std::ifstream page(SourceFile("docs/close-codes.md"));
  EXPECT_TRUE(page.is_open()) << "docs/close-codes.md";
  std::vector<Row> rows;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    Row row;
    std::string_view rest = std::string_view(line).substr(1);
    for (size_t bar; (bar = rest.find('|')) != std::string_view::npos;) {
      row.emplace_back(TrimWhitespace(rest.substr(0, bar)));
      rest.remove_prefix(bar + 1);
    }
    rows.push_back(row);
  }
  return rows;
}

std::string NumberOrNone(uint16_t number) {
  return number != 0 ? std::to_string(number) : "none";
}

std::string CloseColumn(const CauseInfo& info) {
  if (info.cause == Cause::kClientClosed) return "the client's own";
  return NumberOrNone(info.close_code);
}

TEST(CloseCodesPageTest, AgreesWithTheTableRowByRow) {
  const std::vector<Row> rows = RowsOfPage();
  const auto causes = AllCauses();
  ASSERT_EQ(rows.size(), causes.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const CauseInfo& info = causes[i];
    SCOPED_TRACE(info.reason);
    ASSERT_EQ(rows[i].size(), 6u);
    EXPECT_EQ(rows[i][0], "`" + std::string(info.reason) + "`");
    EXPECT_EQ(rows[i][1], NumberOrNone(info.http_status));
    EXPECT_EQ(rows[i][2], CloseColumn(info));
    EXPECT_EQ(rows[i][3], ToString(info.fault));
    EXPECT_EQ(rows[i][4], info.description);
    EXPECT_THAT(rows[i][5], Not(::testing::IsEmpty()));
  }
}

}  // namespace
}  // namespace sluice::base
