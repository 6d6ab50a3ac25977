// Loads a checked Config from a YAML file, or reports all errors of the file at once, each with its
// place. `sluice check FILE` prints them. docs/configuration.md describes the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/file.h"
#include "sluice/base/result.h"
#include "sluice/settings/auth.h"
#include "sluice/settings/config.h"
#include "sluice/settings/file_fault.h"
#include "sluice/settings/process.h"
#include "sluice/settings/route.h"
#include "sluice/settings/tls.h"

namespace sluice::config {

/// The size of the largest file that is read.
inline constexpr size_t kMaxFileMib = 4;
inline constexpr size_t kMaxFileSize = kMaxFileMib * 1024 * 1024;

enum class Severity : uint8_t { kError, kWarning };

/// An error or a warning at one place of a file.
struct Diagnostic {
  std::string file;
  int line = 0;    ///< from 1; 0, without a column, if it belongs to the complete file
  int column = 0;  ///< from 1, in characters
  std::string message;
  std::string source_line;  ///< without its line break; empty if it is too long
  Severity severity = Severity::kError;

  /// Returns `sluice.yaml:12:5: message` or `sluice.yaml:12:5: warning: message`. Editors parse it.
  std::string Headline() const;

  /// Returns the headline, and below it the line and a caret under the column, without a line break
  /// at the end.
  std::string ToString() const;

  bool operator==(const Diagnostic&) const = default;
};

struct Loaded {
  settings::Config config;
  std::vector<Diagnostic> warnings;  ///< sorted by place; the configuration is valid
  std::string text;                  ///< of the file: the same text is the same configuration
};

/// A file with errors: at least one error, and the warnings.
using LoadResult = base::Result<Loaded, std::vector<Diagnostic>>;

/// Returns the value of an environment variable, or nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// Returns the environment of this process. Like getenv(3), not to be used while another thread
/// changes it.
Environment ProcessEnvironment();

/// Returns what is wrong with the files of a certificate; nothing if they are good.
using CertificateCheck =
    std::function<std::optional<settings::CertificateFault>(const settings::Certificate&)>;

/// Checks that need more than this module may use, above all of the files that the configuration
/// names. The caller passes them in; an empty one is omitted.
struct FileChecks {
  CertificateCheck certificate = nullptr;
  /// Returns what is wrong with a file of certificates of authorities, without its name.
  std::function<std::optional<std::string>(const std::string& path)> authorities = nullptr;
  /// Returns what is wrong with a file of CRLs for the authorities of another file.
  std::function<std::optional<settings::CrlFault>(const std::string& path,
                                                  const std::string& authorities)>
      crls = nullptr;
  /// Returns true if the cipher exists.
  std::function<bool(const std::string& name)> cipher = nullptr;
  /// Returns what is wrong with the files of a method of `auth`.
  std::function<std::vector<settings::FileFault>(const settings::AuthMethod&)> auth = nullptr;
  /// Returns what is wrong with the `token_file` of `admin`.
  std::function<std::optional<settings::FileFault>(const std::string& path)> admin_token = nullptr;
  /// Returns what is wrong with a user of this machine, in a sentence.
  std::function<std::optional<std::string>(const settings::User&)> user = nullptr;
  /// Returns what is wrong with the owner of a Unix socket's file, in a sentence. The owner is a
  /// name or a number of a user or group of this machine.
  std::function<std::optional<std::string>(const std::string& user)> socket_user = nullptr;
  std::function<std::optional<std::string>(const std::string& group)> socket_group = nullptr;
  /// Returns a warning about the expiry of a certificate, without its name.
  std::function<std::optional<std::string>(const settings::Certificate&)> expiry = nullptr;
  /// Returns a warning if other users may read a file or a directory of secrets, without its name.
  std::function<std::optional<std::string>(const std::string& path)> secrecy = nullptr;
  /// Returns true if the system has certificate authorities to verify servers by.
  std::function<bool()> has_system_authorities = nullptr;
  /// Returns a warning about a route that accepts more requests than it should, in a sentence.
  std::function<std::optional<std::string>(const settings::Config&, const settings::Route&)>
      exposure = nullptr;
};

/// Reads a configuration. `file_name` names it in diagnostics, and the files that it names are
/// relative to its directory. Errors and warnings are sorted by place. Throws no exception.
/// Thread-safe if `environment` is.
LoadResult LoadString(std::string_view text, std::string file_name,
                      const Environment& environment = ProcessEnvironment(),
                      const FileChecks& checks = {});

/// Does the same as LoadString() for the file at `path`, which also is its name in diagnostics.
/// While sluice runs `kinds` is kRegularOnly, because the thread that reloads must not wait for a
/// FIFO's writer.
LoadResult LoadFile(const std::string& path, const Environment& environment = ProcessEnvironment(),
                    const FileChecks& checks = {}, base::FileKinds kinds = base::FileKinds::kAny);

/// Reads the `admin` section of the file at `path` alone, for a client of a running sluice: errors
/// elsewhere in the file are not reported, because sluice keeps running when its file gets errors.
/// A file that is not valid YAML, or no regular file, is an error. Returns nothing if there is no
/// such section.
base::Result<std::optional<settings::Admin>, std::vector<Diagnostic>> LoadAdmin(
    const std::string& path, const Environment& environment = ProcessEnvironment());

/// The allowed keys of one kind of mapping in the file, in the order of the documentation.
/// `name` is the mapping's name in config/sluice.schema.json's `$defs`; empty for the file's top
/// level.
struct KnownMapping {
  std::string_view name;
  std::vector<std::string_view> keys;
};

/// Returns the keys of all kinds of mappings. A test compares the schema with them.
std::vector<KnownMapping> KnownMappings();

}  // namespace sluice::config
