#include "cli/usage_error.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/config/suggest.h"
#include "sluice/settings/quote.h"

namespace sluice::cli {
namespace {

using settings::Quote;

const CLI::App& CommandOf(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return chosen.empty() ? app : *chosen.front();
}

/// `sluice`, or `sluice check`.
std::string FullName(const CLI::App& app, const CLI::App& command) {
  return &app == &command ? app.get_name() : app.get_name() + ' ' + command.get_name();
}

bool IsOption(std::string_view word) {
  return word.size() > 1 && word.front() == '-';
}

/// Returns the names of the options of a command, such as `--config`, without its arguments.
std::vector<std::string> OptionNames(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options()) {
    if (!option->get_positional()) names.push_back(option->get_name());
  }
  return names;
}

/// Returns the command other than `command` that has this option.
const CLI::App* OtherCommandWith(const CLI::App& app, const CLI::App& command,
                                 const std::string& option) {
  if (&app != &command && app.get_option_no_throw(option) != nullptr) return &app;
  for (const CLI::App* other : app.get_subcommands(nullptr)) {
    if (other != &command && other->get_option_no_throw(option) != nullptr) return other;
  }
  return nullptr;
}

std::string DescribeUnknownOption(const CLI::App& app, const CLI::App& command,
                                  const std::string& word) {
  const std::string option = word.substr(0, word.find('='));
  const std::string unknown = "unknown option " + Quote(option);
  const auto names = OptionNames(command);
  const std::vector<std::string_view> known(names.begin(), names.end());
  if (config::Nearest(option, known).empty()) {
    if (const CLI::App* other = OtherCommandWith(app, command, option)) {
      return unknown + " of `" + FullName(app, command) + "`; it is an option of `" +
             FullName(app, *other) + "`";
    }
  }
  return unknown + " of `" + FullName(app, command) + "`" +
         config::Suggestion(option, known, "its options are");
}

/// The unknown options are in front of the command's name, or after that.
std::optional<std::string> FindUnknownOption(const CLI::App& app) {
  for (const CLI::App* command : {&app, &CommandOf(app)}) {
    const auto words = command->remaining();
    const auto word = std::find_if(words.begin(), words.end(), IsOption);
    if (word != words.end()) return DescribeUnknownOption(app, *command, *word);
  }
  return std::nullopt;
}

/// Returns the arguments of a command, such as `FILE URL`.
std::string ArgumentsOf(const CLI::App& command) {
  std::string names;
  for (const CLI::Option* option : command.get_options()) {
    if (option->get_positional()) names.append(names.empty() ? "" : " ").append(option->get_name());
  }
  return names;
}

std::string DescribeExtra(const CLI::App& app, const CLI::App& command) {
  const auto own = command.remaining();
  const auto words = own.empty() ? app.remaining() : own;
  const std::string first = words.empty() ? std::string() : Quote(words.front()) + ' ';
  const std::string arguments = ArgumentsOf(command);
  return first + "is one argument too many; `" + FullName(app, command) + "` takes " +
         (arguments.empty() ? "options only" : arguments + " and options");
}

/// Returns the option of an error. The message of CLI11 begins with the name of the option, for
/// flags without the dashes.
const CLI::Option* OptionOf(const CLI::App& app, const CLI::ParseError& error) {
  const std::string_view text = error.what();
  for (const CLI::App* command : {&CommandOf(app), &app}) {
    for (const CLI::Option* option : command->get_options()) {
      const std::string name = option->get_name();
      const std::string bare = name.substr(std::min(name.find_first_not_of('-'), name.size()));
      for (const auto& start : {name + ':', name + ' ', bare + ' '}) {
        if (text.starts_with(start)) return option;
      }
    }
  }
  return nullptr;
}

/// Returns the description as the end of a sentence.
std::string InSentence(std::string description) {
  const bool is_word = description.size() > 1 && description[1] >= 'a' && description[1] <= 'z';
  if (is_word && description[0] >= 'A' && description[0] <= 'Z') {
    description[0] = static_cast<char>(description[0] - 'A' + 'a');
  }
  return description;
}

}  // namespace

std::string DescribeUsageError(const CLI::App& app, const CLI::ParseError& error) {
  if (const auto unknown = FindUnknownOption(app)) return *unknown;
  const CLI::App& command = CommandOf(app);
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) return DescribeExtra(app, command);
  const CLI::Option* const option = OptionOf(app, error);
  // Thrown by an option's own function (cli/option.h): it is a sentence already.
  if (option == nullptr || dynamic_cast<const CLI::ValidationError*>(&error) != nullptr) {
    return error.what();
  }
  const std::string name = option->get_name();
  if (option->get_items_expected_max() == 0) return name + " takes no value";
  if (option->count() > 1) {
    return name + ": expected one value, found " + std::to_string(option->count()) +
           "; the option may be given once";
  }
  if (option->get_positional()) {
    return name + " is missing: " + InSentence(option->get_description());
  }
  return name + " has no value: expected " + InSentence(option->get_description());
}

std::string HelpCommand(const CLI::App& app) {
  const CLI::App& command = CommandOf(app);
  return &command == &app ? app.get_name() + " --help"
                          : app.get_name() + " help " + command.get_name();
}

}  // namespace sluice::cli
