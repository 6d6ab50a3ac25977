// The ways to prove who one is: one object for each method of the configuration. Pure but for what
// it is handed.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/auth/identity.h"
#include "sluice/auth/tickets.h"
#include "sluice/base/result.h"
#include "sluice/settings/auth.h"
#include "sluice/settings/file_fault.h"

namespace sluice::auth {

/// How a method gets at its files. The errors are a sentence's end, such as "cannot be read: ...".
class Files {
 public:
  virtual ~Files() = default;
  virtual base::Result<std::string, std::string> Read(const std::string& path) const = 0;
  /// The names of the regular files in a directory, sorted, without hidden files and the backups of
  /// editors.
  virtual base::Result<std::vector<std::string>, std::string> List(
      const std::string& path) const = 0;
};

/// The result of reading the files of a method.
struct FilesLoaded {
  bool is_used = true;  ///< false: what was read before stays in use
  std::vector<settings::FileFault> faults = {};
};

/// Shared by the workers. Thread-safe.
class Method {
 public:
  virtual ~Method() = default;

  /// `basic`, `jwt`, ...
  virtual std::string_view name() const = 0;

  virtual CheckResult Check(const Request& request) const = 0;

  /// For WWW-Authenticate (RFC 9110 section 11.6.1); empty if a client is not asked for it there.
  virtual std::string Challenge() const { return {}; }

  /// What to watch: when it changes, Load is called again.
  virtual std::vector<std::string> paths() const { return {}; }

  /// Reads the files. The first time, a fault leaves the method without anything to check against.
  /// Later, what was read before stays; of a directory, the files without faults are used all the
  /// same. The faults hold no secret.
  virtual FilesLoaded Load(const Files& /*files*/) { return {}; }

  /// Returns whether the files that were read hold no credentials, so that every client is refused.
  virtual bool RefusesEverybody() const { return false; }
};

/// `tickets` outlives it.
std::unique_ptr<Method> MakeMethod(const settings::AuthMethod& method, Tickets& tickets);

}  // namespace sluice::auth
