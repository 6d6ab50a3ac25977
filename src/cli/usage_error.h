// The sentences for command lines that cannot be parsed: one for each kind of error, the same for
// all options and commands.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace sluice::cli {

/// Returns the sentence for the error that `app.parse` has thrown: the option or argument, what was
/// found, what was expected. An option that no command has comes first, because other errors may
/// follow from it.
std::string DescribeUsageError(const CLI::App& app, const CLI::ParseError& error);

/// Returns the command line that prints the help of the command that was given to `app`.
std::string HelpCommand(const CLI::App& app);

}  // namespace sluice::cli
