#include "config/auth.h"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "sluice/config/patterns.h"
#include "sluice/config/suggest.h"
#include "sluice/settings/auth.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/route.h"
#include "sluice/settings/session_options.h"

#include "config/token_source.h"
#include "config/values.h"

namespace sluice::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr TimeoutRange kLeewayRange{milliseconds(0), minutes(10), true};
constexpr TimeoutRange kRedisTimeoutRange{milliseconds(50), seconds(10)};
constexpr TimeoutRange kWindowRange{seconds(1), hours(24)};
constexpr Range kFailuresRange{1, 10'000};

constexpr std::string_view kAlgorithms[] = {"HS256", "HS384", "HS512", "RS256", "RS384",
                                            "RS512", "ES256", "ES384", "ES512", "EdDSA"};

template <auto member, typename T>
void ReadFile(Reader& reader, const Value& value, T& target) {
  if (reader.ReadScalar(value, "the path of a file", ParsePath, target.*member)) {
    target.*member = reader.PathFromHere(target.*member);
  }
}

Parsed<std::string> ParseWord(std::string_view text) {
  const auto is_plain = [](char c) { return c >= 0x20 && c != 0x7f && c != '"' && c != '\\'; };
  if (!text.empty() && std::all_of(text.begin(), text.end(), is_plain)) return std::string(text);
  return base::Unexpected(settings::Expected("a text without quotes and control characters", text));
}

template <auto member, typename T>
void ReadText(Reader& reader, const Value& value, T& target) {
  reader.ReadScalar(value, "a text", ParseWord, target.*member);
}

// Reads one text, or a list of texts.
std::vector<std::string> ReadTexts(Reader& reader, const Value& value, std::string_view items) {
  std::vector<std::string> texts;
  const auto values =
      value.node.IsSequence() ? reader.Items(value, items) : std::vector<Value>{value};
  for (const auto& item : values) {
    std::string text;
    if (reader.ReadScalar(item, "a text, or a list", ParseWord, text)) texts.push_back(text);
  }
  return texts;
}

template <auto member, typename T>
void ReadFrom(Reader& reader, const Value& value, T& target) {
  target.*member = ReadTokenSources(reader, value);
}

constexpr Field<settings::BasicAuth> kBasicFields[] = {
    {"users_file", ReadFile<&settings::BasicAuth::users_file>},
    {"realm", ReadText<&settings::BasicAuth::realm>},
};

void ReadAlgorithms(Reader& reader, const Value& value, settings::JwtAuth& jwt) {
  for (const auto& item : reader.Items(value, "algorithms")) {
    const auto text = reader.Text(item, "an algorithm such as ES256");
    if (!text) continue;
    const auto known = std::find(std::begin(kAlgorithms), std::end(kAlgorithms), *text);
    if (known == std::end(kAlgorithms)) {
      reader.Error(item, "unknown algorithm " + settings::Quote(*text) +
                             Suggestion(*text, kAlgorithms, "the known algorithms are"));
      continue;
    }
    jwt.algorithms.push_back(static_cast<settings::JwtAlgorithm>(known - std::begin(kAlgorithms)));
  }
}

void ReadClaims(Reader& reader, const Value& value, settings::JwtAuth& jwt) {
  if (!reader.ExpectMapping(value)) return;
  for (const auto& entry : reader.Entries(value)) {
    jwt.claims[entry.key] = ReadTexts(reader, entry.value, "values");
  }
}

constexpr Field<settings::JwtAuth> kJwtFields[] = {
    {"algorithms", ReadAlgorithms},
    {"key_file", ReadFile<&settings::JwtAuth::key_file>},
    {"jwks_file", ReadFile<&settings::JwtAuth::jwks_file>},
    {"issuer", ReadText<&settings::JwtAuth::issuer>},
    {"audience",
     [](Reader& reader, const Value& value, settings::JwtAuth& jwt) {
       jwt.audience = ReadTexts(reader, value, "audiences");
     }},
    {"leeway",
     [](Reader& reader, const Value& value, settings::JwtAuth& jwt) {
       const auto parse = [](std::string_view text) { return ParseTimeout(text, kLeewayRange); };
       reader.ReadScalar(value, "a duration", parse, jwt.leeway);
     }},
    {"require_expiry",
     [](Reader& reader, const Value& value, settings::JwtAuth& jwt) {
       reader.ReadScalar(value, "'true' or 'false'", ParseBool, jwt.require_expiry);
     }},
    {"user", ReadText<&settings::JwtAuth::user>},
    {"server", ReadText<&settings::JwtAuth::server>},
    {"claims", ReadClaims},
    {"from", ReadFrom<&settings::JwtAuth::from>},
};

struct RedisDraft {
  settings::RedisStore store;
  std::optional<Value> server;
};

constexpr Field<RedisDraft> kRedisFields[] = {
    {"server", [](Reader&, const Value& value, RedisDraft& draft) { draft.server = value; }},
    {"prefix",
     [](Reader& reader, const Value& value, RedisDraft& draft) {
       ReadText<&settings::RedisStore::prefix>(reader, value, draft.store);
     }},
    {"password_file",
     [](Reader& reader, const Value& value, RedisDraft& draft) {
       ReadFile<&settings::RedisStore::password_file>(reader, value, draft.store);
     }},
    {"timeout",
     [](Reader& reader, const Value& value, RedisDraft& draft) {
       const auto parse = [](std::string_view text) {
         return ParseTimeout(text, kRedisTimeoutRange);
       };
       reader.ReadScalar(value, "a duration", parse, draft.store.timeout);
     }},
};

void ReadRedis(Reader& reader, const Value& value, settings::TokenAuth& token) {
  RedisDraft draft;
  if (!reader.ReadMapping<RedisDraft>(value, kRedisFields, draft)) return;
  settings::Endpoint server;
  if (!draft.server) {
    reader.Missing(value, "server");
  } else if (reader.ReadScalar(*draft.server, "a server", settings::ParseConfiguredServer,
                               server) &&
             server.kind != settings::Endpoint::Kind::kTcp &&
             server.kind != settings::Endpoint::Kind::kUnix) {
    reader.Error(*draft.server, settings::Expected("a Redis server", server.ToString()));
  }
  draft.store.host = server.host;
  draft.store.port = server.port;
  token.redis = std::move(draft.store);
}

constexpr std::string_view kDirectoryPath = "the path of a directory";

constexpr Field<settings::TokenAuth> kTokenFields[] = {
    {"file", ReadFile<&settings::TokenAuth::file>},
    {"directory",
     [](Reader& reader, const Value& value, settings::TokenAuth& token) {
       const auto parse = [](std::string_view text) -> Parsed<std::string> {
         if (!text.empty()) return std::string(text);
         return base::Unexpected(settings::Expected(kDirectoryPath, text));
       };
       if (reader.ReadScalar(value, kDirectoryPath, parse, token.directory)) {
         token.directory = reader.PathFromHere(token.directory);
       }
     }},
    {"redis", ReadRedis},
    {"from", ReadFrom<&settings::TokenAuth::from>},
};

constexpr Field<settings::TicketAuth> kTicketFields[] = {
    {"from", ReadFrom<&settings::TicketAuth::from>},
};

constexpr Field<settings::CertificateAuth> kCertificateFields[] = {
    {"names",
     [](Reader& reader, const Value& value, settings::CertificateAuth& certificate) {
       for (const auto& item : reader.Items(value, "names")) {
         std::string name;
         if (reader.ReadScalar(item, "a name", ParseCertificateName, name)) {
           certificate.names.push_back(std::move(name));
         }
       }
     }},
};

using Methods = std::vector<settings::AuthMethod>;

// Reports what is wrong with the file or directory of a method, at the key that names it. `mapping`
// has that key.
void CheckFiles(Reader& reader, const Value& mapping, const std::string& key,
                const std::string& path, bool is_secret, const settings::AuthMethod& method) {
  const YAML::Node node = mapping.node[key];
  const Value value{key, node, node.Mark()};
  if (reader.checks().auth) {
    for (const auto& fault : reader.checks().auth(method)) reader.Error(value, fault.ToString());
  }
  if (is_secret) reader.WarnOfReaders(value, path);
}

void ReadBasic(Reader& reader, const Value& value, Methods& methods) {
  settings::BasicAuth basic;
  if (!reader.ReadMapping<settings::BasicAuth>(value, kBasicFields, basic)) return;
  if (!value.node["users_file"]) reader.Missing(value, "users_file");
  if (!basic.users_file.empty()) {
    CheckFiles(reader, value, "users_file", basic.users_file, /*is_secret=*/true, basic);
  }
  methods.emplace_back(std::move(basic));
}

bool IsHmac(settings::JwtAlgorithm algorithm) {
  return algorithm <= settings::JwtAlgorithm::kHs512;
}

// Returns how many of the keys the mapping has. Keys with errors and misspelt keys, which have been
// reported, count as well.
int CountOf(const Reader& reader, const Value& mapping, std::initializer_list<const char*> keys) {
  int count = 0;
  for (const char* const key : keys) {
    const bool is_there = mapping.node.IsMap() && mapping.node[key].IsDefined();
    if (is_there || reader.IsMisspelt(mapping, key)) ++count;
  }
  return count;
}

void ReadJwt(Reader& reader, const Value& value, Methods& methods) {
  settings::JwtAuth jwt;
  if (!reader.ReadMapping<settings::JwtAuth>(value, kJwtFields, jwt)) return;
  if (!value.node["algorithms"]) reader.Missing(value, "algorithms");
  const bool has_file = jwt.key_file.empty() != jwt.jwks_file.empty();
  if (CountOf(reader, value, {"key_file", "jwks_file"}) != 1) {
    reader.Error(value, "expected either 'key_file' or 'jwks_file'");
  }
  const auto hmacs = std::count_if(jwt.algorithms.begin(), jwt.algorithms.end(), IsHmac);
  if (hmacs != 0 && static_cast<size_t>(hmacs) != jwt.algorithms.size()) {
    // Otherwise a client with the public key of RS256 would know the secret of HS256.
    reader.Error(value,
                 "the algorithms HS... have a secret, and the others a public key; write two "
                 "methods, each with its algorithms");
  } else if (has_file && !jwt.algorithms.empty()) {
    const bool is_jwks = jwt.key_file.empty();
    CheckFiles(reader, value, is_jwks ? "jwks_file" : "key_file",
               is_jwks ? jwt.jwks_file : jwt.key_file, /*is_secret=*/hmacs != 0, jwt);
  }
  methods.emplace_back(std::move(jwt));
}

void ReadToken(Reader& reader, const Value& value, Methods& methods) {
  settings::TokenAuth token;
  if (!reader.ReadMapping<settings::TokenAuth>(value, kTokenFields, token)) return;
  if (CountOf(reader, value, {"file", "directory", "redis"}) != 1) {
    reader.Error(value, "expected one of 'file', 'directory' and 'redis'");
  } else if (token.redis) {
    const std::string& path = token.redis->password_file;
    const Value redis{"redis", value.node["redis"], value.mark};
    if (!path.empty()) CheckFiles(reader, redis, "password_file", path, /*is_secret=*/true, token);
  } else if (!token.file.empty() || !token.directory.empty()) {
    const bool is_file = token.directory.empty();
    CheckFiles(reader, value, is_file ? "file" : "directory",
               is_file ? token.file : token.directory, /*is_secret=*/true, token);
  }
  methods.emplace_back(std::move(token));
}

// Reads a method without required keys: `true`, or a mapping.
template <typename T>
void ReadSimple(Reader& reader, const Value& value, std::span<const Field<T>> fields,
                Methods& methods) {
  T method;
  if (value.node.IsScalar()) {
    const auto text = reader.Text(value, "'true' or a mapping");
    if (text && *text != "true")
      reader.Error(value, settings::Expected("'true' or a mapping", *text));
  } else if (!value.node.IsMap() || value.node.size() == 0) {
    reader.Error(value, "expected 'true' or a mapping with one key or more");
  } else {
    reader.ReadMapping<T>(value, fields, method);
  }
  methods.emplace_back(std::move(method));
}

constexpr Field<Methods> kAuthFields[] = {
    {"basic", ReadBasic},
    {"jwt", ReadJwt},
    {"token", ReadToken},
    {"ticket",
     [](Reader& reader, const Value& value, Methods& methods) {
       ReadSimple<settings::TicketAuth>(reader, value, kTicketFields, methods);
     }},
    {"client_certificate",
     [](Reader& reader, const Value& value, Methods& methods) {
       ReadSimple<settings::CertificateAuth>(reader, value, kCertificateFields, methods);
     }},
};

constexpr std::string_view kMethods =
    "one or more of the keys 'basic', 'jwt', 'token', 'ticket' and 'client_certificate', or the "
    "word 'none'";

void ReadMethods(Reader& reader, const Value& value, Methods& methods) {
  if (!value.node.IsMap() || value.node.size() == 0) {
    reader.Error(value, "expected " + std::string(kMethods));
    return;
  }
  reader.ReadMapping<Methods>(value, kAuthFields, methods);
}

constexpr Field<settings::AuthFailures> kFailuresFields[] = {
    {"limit",
     [](Reader& reader, const Value& value, settings::AuthFailures& failures) {
       uint64_t limit = 0;
       const auto parse = [](std::string_view text) { return ParseCount(text, kFailuresRange); };
       if (reader.ReadScalar(value, "a number", parse, limit)) {
         failures.limit = static_cast<unsigned>(limit);
       }
     }},
    {"window",
     [](Reader& reader, const Value& value, settings::AuthFailures& failures) {
       const auto parse = [](std::string_view text) { return ParseTimeout(text, kWindowRange); };
       reader.ReadScalar(value, "a duration", parse, failures.window);
     }},
};

bool NamesServers(const settings::AuthMethod& method) {
  const auto* const jwt = std::get_if<settings::JwtAuth>(&method);
  return std::holds_alternative<settings::TokenAuth>(method) ||
         std::holds_alternative<settings::TicketAuth>(method) ||
         (jwt != nullptr && !jwt->server.empty());
}

}  // namespace

void ReadAuth(Reader& reader, const Value& value, settings::SessionOptions& options) {
  Methods methods;
  if (value.node.IsScalar()) {
    const auto text = reader.Text(value, kMethods);
    if (text && *text != "none") reader.Error(value, settings::Expected(kMethods, *text));
  } else if (value.node.IsSequence()) {
    for (const auto& item : reader.Items(value, "methods")) ReadMethods(reader, item, methods);
  } else {
    ReadMethods(reader, value, methods);
  }
  options.auth = std::move(methods);
}

void ReadAuthFailures(Reader& reader, const Value& value, settings::AuthFailures& failures) {
  if (value.node.IsScalar()) {
    const auto text = reader.Text(value, "'off' or a mapping");
    if (text && *text != "off")
      reader.Error(value, settings::Expected("'off' or a mapping", *text));
    failures.limit = 0;
    return;
  }
  reader.ReadMapping<settings::AuthFailures>(value, kFailuresFields, failures);
}

void CheckTokenBackend(Reader& reader, const Value& backend, const settings::Route& route) {
  if (reader.has_errors()) return;
  const auto& auth = route.options.auth;
  if (std::any_of(auth.begin(), auth.end(), NamesServers)) return;
  reader.Error(
      backend,
      "nothing names the server: the route's 'auth' needs 'token', 'ticket' or a 'jwt' with "
      "'server'");
}

bool UsesTickets(const std::vector<settings::Route>& routes) {
  return std::any_of(routes.begin(), routes.end(), [](const settings::Route& route) {
    const auto& auth = route.options.auth;
    return !route.is_console && std::any_of(auth.begin(), auth.end(), [](const auto& method) {
      return std::holds_alternative<settings::TicketAuth>(method);
    });
  });
}

void AddAuthMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"auth", KeysOf<Methods>(kAuthFields)});
  mappings.push_back({"basic", KeysOf<settings::BasicAuth>(kBasicFields)});
  mappings.push_back({"jwt", KeysOf<settings::JwtAuth>(kJwtFields)});
  mappings.push_back({"token", KeysOf<settings::TokenAuth>(kTokenFields)});
  mappings.push_back({"redis", KeysOf<RedisDraft>(kRedisFields)});
  mappings.push_back({"ticket", KeysOf<settings::TicketAuth>(kTicketFields)});
  mappings.push_back({"client_certificate", KeysOf<settings::CertificateAuth>(kCertificateFields)});
  mappings.push_back({"auth_failures", KeysOf<settings::AuthFailures>(kFailuresFields)});
}

}  // namespace sluice::config
