// From a YAML file to a checked Config, or to every error in the file at once, each with its place.
// This is what `sluice check FILE` prints. The file's format is docs/configuration.md.
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
  int line = 0;    ///< from 1; 0 if it is about the file as a whole, which then has no column
  int column = 0;  ///< from 1, in characters
  std::string message;
  std::string source_line;  ///< without its line break; empty where it is too long to be of help
  Severity severity = Severity::kError;

  /// `sluice.yaml:12:5: message`, or `sluice.yaml:12:5: warning: message`. Editors parse it.
  std::string Headline() const;

  /// The headline, and below it the line and a caret under the column. Does not end in a line
  /// break.
  std::string ToString() const;

  bool operator==(const Diagnostic&) const = default;
};

struct Loaded {
  settings::Config config;
  std::vector<Diagnostic> warnings;  ///< sorted by place; the configuration works all the same
  std::string text;                  ///< of the file: if it is the same, so is the configuration
};

/// Not loaded: one error or more, and the warnings about the rest of the file.
using LoadResult = base::Result<Loaded, std::vector<Diagnostic>>;

/// Looks up an environment variable; nothing if it is not set.
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

/// The environment of this process. As getenv(3), not to be used while another thread changes it.
Environment ProcessEnvironment();

/// Looks into the files of a certificate; nothing if all is well with them.
using CertificateCheck =
    std::function<std::optional<settings::CertificateFault>(const settings::Certificate&)>;

/// What takes more than this module may use: above all the files that the configuration names. It
/// is handed in for that; an empty one is left out.
struct FileChecks {
  CertificateCheck certificate = nullptr;
  /// What is wrong with a file of certificates of authorities, without its name.
  std::function<std::optional<std::string>(const std::string& path)> authorities = nullptr;
  /// What is wrong with a file of CRLs for the authorities of another file.
  std::function<std::optional<settings::CrlFault>(const std::string& path,
                                                  const std::string& authorities)>
      crls = nullptr;
  /// Whether there is such a cipher.
  std::function<bool(const std::string& name)> cipher = nullptr;
  /// What is wrong with the files of a method of `auth`.
  std::function<std::vector<settings::FileFault>(const settings::AuthMethod&)> auth = nullptr;
  /// What is wrong with the `token_file` of `admin`.
  std::function<std::optional<settings::FileFault>(const std::string& path)> admin_token = nullptr;
  /// What is wrong with a user of this machine, in a sentence.
  std::function<std::optional<std::string>(const settings::User&)> user = nullptr;
  /// What is wrong with the owner of a Unix socket's file, in a sentence: the user or group of this
  /// machine with that name or number.
  std::function<std::optional<std::string>(const std::string& user)> socket_user = nullptr;
  std::function<std::optional<std::string>(const std::string& group)> socket_group = nullptr;
  /// A warning about the time until which a certificate is valid, without its name.
  std::function<std::optional<std::string>(const settings::Certificate&)> expiry = nullptr;
  /// A warning about others who may read a file or a directory of secrets, without its name.
  std::function<std::optional<std::string>(const std::string& path)> secrecy = nullptr;
  /// Returns true if the system has certificate authorities to verify servers by.
  std::function<bool()> has_system_authorities = nullptr;
  /// A warning about a route that is open to more than it should be, in a sentence.
  std::function<std::optional<std::string>(const settings::Config&, const settings::Route&)>
      exposure = nullptr;
};

/// Reads a configuration. `file_name` names it in diagnostics, and the files that it names are
/// relative to its directory. Errors and warnings are sorted by place; no exception leaves.
/// Thread-safe as far as `environment` is.
LoadResult LoadString(std::string_view text, std::string file_name,
                      const Environment& environment = ProcessEnvironment(),
                      const FileChecks& checks = {});

/// As LoadString() for the file at `path`, which also is its name in diagnostics. While sluice runs
/// `kinds` is kRegularOnly, because the thread that reloads must not wait for a FIFO's writer.
LoadResult LoadFile(const std::string& path, const Environment& environment = ProcessEnvironment(),
                    const FileChecks& checks = {}, base::FileKinds kinds = base::FileKinds::kAny);

/// Reads the `admin` section of the file at `path` alone, for a client of a running sluice: errors
/// elsewhere in the file are not reported, because sluice keeps running when its file gets errors.
/// A file that is not valid YAML, or no regular file, is an error. Returns nothing if there is no
/// such section.
base::Result<std::optional<settings::Admin>, std::vector<Diagnostic>> LoadAdmin(
    const std::string& path, const Environment& environment = ProcessEnvironment());

/// The keys that one kind of mapping in the file may have, in the order of the documentation.
/// `name` is the mapping's name in config/sluice.schema.json's `$defs`; empty for the file's top
/// level.
struct KnownMapping {
  std::string_view name;
  std::vector<std::string_view> keys;
};

/// All of them: what the schema is checked against by a test.
std::vector<KnownMapping> KnownMappings();

}  // namespace sluice::config
