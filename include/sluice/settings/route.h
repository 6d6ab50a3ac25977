// Routes: what a request must match, and what applies to it then.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sluice/settings/listener.h"
#include "sluice/settings/session_options.h"

namespace sluice::settings {

/// A piece of a path between two `/`.
struct PathSegment {
  bool is_capture = false;  ///< `{name}`: any piece that is not empty
  std::string text;         ///< the piece, or the name

  bool operator==(const PathSegment&) const = default;
};

struct PathPattern {
  bool is_prefix = false;  ///< `/prefix/**`: that path and everything below it
  std::string path;        ///< without the `/**`; empty for the pattern `/**`
  /// Where there is a capture in it: the pieces of `path`, less a `{rest...}`.
  std::vector<PathSegment> segments = {};
  std::string rest =
      {};  ///< `{rest...}` at the end: the name of all that is left, slashes included

  bool has_captures() const { return !segments.empty() || !rest.empty(); }
  std::string ToString() const { return is_prefix ? path + "/**" : path; }
};

/// A name, and the values of which one must be there; none: any value will do.
struct NamedValues {
  std::string name;
  std::vector<std::string> values;

  bool operator==(const NamedValues&) const = default;
};

/// What must be so for a route to be taken: all of it. Of a list, one suffices; an empty one asks
/// for nothing. A connection without a request has a client, a listener, perhaps TLS, and no more.
struct Match {
  /// Lower case, without port; empty: any; `*.example.com`: any name below it;
  /// `{name}.example.com`: one label, captured (the capture's name in its own case).
  std::string host;
  PathPattern path;
  bool any_path = false;  ///< the file has no path, `path` is `/**`, and there need be no request
  std::optional<bool> upgrade = std::nullopt;  ///< whether the request asks for a WebSocket
  std::vector<NamedValues> query = {};         ///< parameters, decoded
  std::vector<NamedValues> headers = {};       ///< names in any case, values as they stand
  std::vector<std::string> subprotocols = {};  ///< of those that the client offers
  std::optional<Sources> client = std::nullopt;
  std::vector<size_t> listeners = {};         ///< indices into Config::listeners
  std::vector<std::string> sni = {};          ///< as `host`, without captures
  std::vector<std::string> certificate = {};  ///< as CertificateAuth::names
  std::vector<NamedValues> claims = {};       ///< of the token that the route's `jwt` has verified
};

struct Route {
  std::string name;
  Match match;
  /// Index into Config::backends; none for a page, and for a server that a token names.
  std::optional<size_t> backend;
  /// `static: builtin:console`: answers plain GET requests with the embedded console.
  bool is_console = false;
  SessionOptions options;
};

}  // namespace sluice::settings
