// Routes: the conditions for a request, and the settings for matching requests.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sluice/settings/listener.h"
#include "sluice/settings/session_options.h"

namespace sluice::settings {

/// A segment of a path, between two `/`.
struct PathSegment {
  bool is_capture = false;  ///< `{name}`: any segment that is not empty
  std::string text;         ///< the segment, or the name

  bool operator==(const PathSegment&) const = default;
};

struct PathPattern {
  bool is_prefix = false;  ///< `/prefix/**`: that path and all paths below it
  std::string path;        ///< without the `/**`; empty for the pattern `/**`
  /// If `path` has a capture: its segments, without a `{rest...}`.
  std::vector<PathSegment> segments = {};
  std::string rest = {};  ///< of `{rest...}` at the end: the name of the remaining path

  bool has_captures() const { return !segments.empty() || !rest.empty(); }
  std::string ToString() const { return is_prefix ? path + "/**" : path; }
};

/// A name, and the allowed values; empty: any value.
struct NamedValues {
  std::string name;
  std::vector<std::string> values;

  bool operator==(const NamedValues&) const = default;
};

/// The conditions of a route, all of which must hold. One element of a list is enough; an empty
/// list always holds. A connection without a request has only a client, a listener, and possibly
/// TLS.
struct Match {
  /// Lower case, without port; empty: any; `*.example.com`: any name below it;
  /// `{name}.example.com`: one label, captured (the capture's name in its own case).
  std::string host;
  PathPattern path;
  bool any_path = false;  ///< the file has no path: `path` is `/**`, and a request is optional
  std::optional<bool> upgrade =
      std::nullopt;  ///< true: the request must be an upgrade; false: it must not
  std::vector<NamedValues> query = {};         ///< parameters, decoded
  std::vector<NamedValues> headers = {};       ///< names in any case, values unchanged
  std::vector<std::string> subprotocols = {};  ///< of those that the client offers
  std::optional<Sources> client = std::nullopt;
  std::vector<size_t> listeners = {};         ///< indices into Config::listeners
  std::vector<std::string> sni = {};          ///< like `host`, without captures
  std::vector<std::string> certificate = {};  ///< as CertificateAuth::names
  std::vector<NamedValues> claims = {};       ///< of the token that the route's `jwt` has verified
};

struct Route {
  std::string name;
  Match match;
  /// Index into Config::backends; nothing for a page, and if a token names the server.
  std::optional<size_t> backend;
  /// `static: builtin:console`: answers plain GET requests with the embedded console.
  bool is_console = false;
  SessionOptions options;
};

}  // namespace sluice::settings
