// Authentication methods: one object for each method of the configuration. Pure, except for the
// Files and Tickets that are passed in.
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

/// Reads the files of a method. An error is the end of a sentence, such as "cannot be read: ...".
class Files {
 public:
  virtual ~Files() = default;
  virtual base::Result<std::string, std::string> Read(const std::string& path) const = 0;
  /// Returns the names of the regular files in a directory, sorted, without hidden files and the
  /// backups of editors.
  virtual base::Result<std::vector<std::string>, std::string> List(
      const std::string& path) const = 0;
};

/// The result of reading the files of a method.
struct FilesLoaded {
  bool is_used = true;  ///< false: the credentials that were loaded before stay in use
  std::vector<settings::FileFault> faults = {};
};

/// Shared by the workers. Thread-safe.
class Method {
 public:
  virtual ~Method() = default;

  /// `basic`, `jwt`, ...
  virtual std::string_view name() const = 0;

  /// Checks the credentials of an attempt.
  virtual CheckResult Check(const Attempt& attempt) const = 0;

  /// Returns the challenge for WWW-Authenticate (RFC 9110 section 11.6.1); empty if this method has
  /// none.
  virtual std::string Challenge() const { return {}; }

  /// The files and directories to watch: when one changes, Load is called again.
  virtual std::vector<std::string> paths() const { return {}; }

  /// Loads the files. If the first load fails, the method accepts no credentials. If a later load
  /// fails, the credentials that were loaded before stay in use. Of a directory, the files without
  /// faults are used even if others have faults. The faults contain no secret.
  virtual FilesLoaded Load(const Files& /*files*/) { return {}; }

  /// Returns true if the loaded files contain no credentials, so that every client is refused.
  virtual bool RefusesEverybody() const { return false; }
};

/// `tickets` outlives it.
std::unique_ptr<Method> MakeMethod(const settings::AuthMethod& method, Tickets& tickets);

}  // namespace sluice::auth
