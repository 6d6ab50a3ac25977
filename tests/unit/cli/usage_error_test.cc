// What people read after a mistake in a command line: one sentence for each kind of mistake, for
// any option.
#include "cli/usage_error.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/option.h"
#include "cli/option_values.h"

namespace sluice::cli {
namespace {

class UsageError : public testing::Test {
 protected:
  UsageError() {
    app_.set_help_flag("-h,--help", "Print this help and exit");
    app_.require_subcommand(0, 1);
    AddOption(app_, "LISTEN", listen_, ParseText, "Where to listen");
    AddOption(app_, "-c,--config", file_, ParseText, "The file");
    CLI::App& demo = *app_.add_subcommand("demo", "");
    AddOption(demo, "--port", port_, ParsePort, "The port of the page");
    CLI::App& check = *app_.add_subcommand("check", "");
    AddRepeatedOption(check, "FILE", files_, ParseText, "The files to check")->required();
    check.add_flag("--strict", is_strict_, "")->disable_flag_override();
    AddOption(check, "--format", format_, ParseFormat, "");
    AddRepeatedOption(check, "--claim", claims_, ParseClaim, "");
  }

  std::string Parse(const std::string& line) {
    try {
      app_.parse(line);
    } catch (const CLI::ParseError& error) {
      return DescribeUsageError(app_, error);
    }
    return "none";
  }

  CLI::App app_{"", "sluice"};
  std::string listen_;
  std::string file_;
  uint16_t port_ = 0;
  std::vector<std::string> files_;
  bool is_strict_ = false;
  Check::Format format_ = Check::Format::kText;
  std::vector<Claim> claims_;
};

TEST_F(UsageError, OfAValue) {
  EXPECT_EQ(Parse("demo --port 70000"),
            "--port: expected a port from 1 to 65535, or 0 for any free port, found '70000'");
  EXPECT_EQ(Parse("demo --port=-1"),
            "--port: expected a port from 1 to 65535, or 0 for any free port, found '-1'");
  EXPECT_EQ(Parse("check f --format xml"), "--format: expected 'text' or 'json', found 'xml'");
  EXPECT_EQ(Parse("check f --format jsn"),
            "--format: expected 'text' or 'json', found 'jsn'; did you mean 'json'?");
  EXPECT_EQ(Parse("check f --claim a=b --claim c"), "--claim: expected name=value, found 'c'");
}

TEST_F(UsageError, OfAValueThatIsMissing) {
  EXPECT_EQ(Parse("demo --port"), "--port has no value: expected the port of the page");
  EXPECT_EQ(Parse("-c"), "--config has no value: expected the file");
  EXPECT_EQ(Parse("--config --help"), "--config: expected a value, found the option '--help'");
  EXPECT_EQ(Parse("check"), "FILE is missing: the files to check");
}

TEST_F(UsageError, OfAValueTooMany) {
  EXPECT_EQ(Parse("demo --port 1 --port 2"),
            "--port: expected one value, found 2; the option may be given once");
  EXPECT_EQ(Parse("check f --strict=yes"), "--strict takes no value");
  EXPECT_EQ(Parse("1 2"), "'2' is one argument too many; `sluice` takes LISTEN and options");
  EXPECT_EQ(Parse("demo 2"), "'2' is one argument too many; `sluice demo` takes options only");
}

TEST_F(UsageError, OfAnUnknownOption) {
  EXPECT_EQ(Parse("demo --prot 1"),
            "unknown option '--prot' of `sluice demo`; did you mean '--port'?");
  EXPECT_EQ(Parse("demo -port 1"),
            "unknown option '-port' of `sluice demo`; did you mean '--port'?");
  EXPECT_EQ(Parse("demo --prot=1"),
            "unknown option '--prot' of `sluice demo`; did you mean '--port'?");
  EXPECT_EQ(Parse("check --strct"),
            "unknown option '--strct' of `sluice check`; did you mean '--strict'?")
      << "and not that FILE is missing";
  EXPECT_EQ(Parse("--verbose"),
            "unknown option '--verbose' of `sluice`; its options are: --help, --config");
  EXPECT_EQ(Parse("--port 1 demo"),
            "unknown option '--port' of `sluice`; it is an option of `sluice demo`");
  EXPECT_EQ(Parse("demo --config f"),
            "unknown option '--config' of `sluice demo`; it is an option of `sluice`");
}

TEST_F(UsageError, HasTheHelpOfItsCommand) {
  Parse("demo --prot 1");
  EXPECT_EQ(HelpCommand(app_), "sluice help demo");
  Parse("--prot 1");
  EXPECT_EQ(HelpCommand(app_), "sluice --help");
}

TEST_F(UsageError, IsNoneOfGoodValues) {
  EXPECT_EQ(Parse("check a - b --claim x=1 --claim y= --format json --strict"), "none");
  EXPECT_THAT(files_, testing::ElementsAre("a", "-", "b"));
  ASSERT_EQ(claims_.size(), 2U);
  EXPECT_EQ(claims_[1].name, "y");
  EXPECT_EQ(format_, Check::Format::kJson);
  EXPECT_TRUE(is_strict_);
  EXPECT_EQ(Parse("demo --port 0"), "none");
  EXPECT_EQ(port_, 0);
}

}  // namespace
}  // namespace sluice::cli
