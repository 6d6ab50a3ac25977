// Tokens that stand for a server, as websockify's token plugins have them. Pure.
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

/// The SHA-256 of a secret: what is looked up in its place, so that the time a search takes tells
/// nothing of the secrets that there are.
using Digest = std::array<uint8_t, 32>;
Digest DigestOf(std::string_view secret);

/// Servers by the digests of their tokens.
class TokenTable {
 public:
  /// Adds the lines `token: host:port` of a file; empty lines and those that begin with # count for
  /// nothing. A line that is `host:port` alone is for the token that is the file's name
  /// (`file_name`, empty: there is no such token). Returns one fault for each faulty line, up to
  /// settings::kMostFileFaults; then nothing has been added.
  std::vector<settings::FileFault> AddFile(std::string_view text, const std::string& file_name);

  /// Adds the tokens that `other` has of the file, unless they are there already.
  void CopyFile(const TokenTable& other, const std::string& file_name);

  /// Null if there is no such token.
  const settings::Endpoint* Find(const Digest& token) const;
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    settings::Endpoint server;
    std::shared_ptr<const std::string> file;
  };

  std::map<Digest, Entry> entries_;
};

/// A server that somebody else names: host:port only, since a socket of this machine is not for
/// others to choose.
std::optional<settings::Endpoint> ParseNamedServer(std::string_view text);

/// A server from what a store has for a token: `host:port`, or JSON {"host": "host:port"}.
std::optional<settings::Endpoint> ParseTokenValue(std::string_view text);

}  // namespace sluice::auth
