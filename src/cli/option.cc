#include "cli/option.h"

namespace sluice::cli {

CLI::Option* AddTakingOption(CLI::App& command, const std::string& names, TakeValue take,
                             const char* description) {
  const std::string label = names.substr(names.rfind(',') + 1);
  const auto take_all = [label, take = std::move(take)](const CLI::results_t& texts) {
    for (const auto& text : texts) {
      // CLI11 uses any next word as the value.
      if (text.size() > 2 && text.starts_with("--")) {
        throw CLI::ValidationError(label, "expected a value, found the option '" + text + "'");
      }
      if (const auto taken = take(text); !taken) throw CLI::ValidationError(label, taken.error());
    }
    return true;
  };
  return command.add_option(names, take_all, description)->type_name("TEXT");
}

}  // namespace sluice::cli
