// Tokens that stand for a server, as in websockify's token plugins. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/settings/endpoint.h"
#include "sluice/settings/file_fault.h"

namespace sluice::auth {

/// The SHA-256 of a secret, which is looked up instead of the secret, so that the time of a search
/// reveals nothing about the existing secrets.
using Digest = std::array<uint8_t, 32>;
Digest DigestOf(std::string_view secret);

/// Servers by the digests of their tokens.
class TokenTable {
 public:
  /// Adds the lines `token: host:port` of a file. Empty lines and lines that begin with # are
  /// ignored. A line `host:port` is for the token that is the file's name (`file_name`; empty:
  /// there is no such token). Returns one fault for each faulty line, up to
  /// settings::kMostFileFaults; if there is a fault, nothing is added.
  std::vector<settings::FileFault> AddFile(std::string_view text, const std::string& file_name);

  /// Adds the tokens of `other` from the file, except those that this table already has.
  void CopyFile(const TokenTable& other, const std::string& file_name);

  /// Returns the server of a token; null if there is no such token.
  const settings::Endpoint* Find(const Digest& token) const;
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    settings::Endpoint server;
    std::shared_ptr<const std::string> file;
  };

  std::map<Digest, Entry> entries_;
};

/// Parses a server that an outside party names: only host:port, because outside parties must not
/// choose a Unix socket of this machine.
std::optional<settings::Endpoint> ParseNamedServer(std::string_view text);

/// Parses the value of a token in a store: `host:port`, or JSON {"host": "host:port"}.
std::optional<settings::Endpoint> ParseTokenValue(std::string_view text);

}  // namespace sluice::auth
