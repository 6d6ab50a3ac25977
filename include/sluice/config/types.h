// The configuration as the rest of sluice sees it: plain values, complete (every default filled in)
// and checked. A loaded Config is never changed; threads share it as `std::shared_ptr<const
// Config>`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/ip.h"
#include "sluice/base/result.h"
#include "sluice/config/auth_types.h"
#include "sluice/config/balance_types.h"

namespace sluice::config {

/// A time limit in milliseconds; zero where the file says `off`: no limit.
using Timeout = base::Duration;

/// A place to listen on or to connect to.
struct Endpoint {
  enum class Kind : uint8_t {
    kTcp,      ///< `host` (a name, IPv4 or IPv6 without brackets, `fe80::1%eth0`) and `port`
    kUnix,     ///< `host` is the path of a Unix stream socket
    kBuiltin,  ///< `host` names a service inside sluice; `echo` is the only one
    kDynamic,  ///< `host` is a template: every request makes a server of its own of it
    kSrv,      ///< `host` is the name of SRV records: `_mqtt._tcp.example.com`
    kWs,       ///< as kTcp, and a WebSocket at `target`
    kWss,      ///< the same over TLS
  };
  Kind kind = Kind::kTcp;
  std::string host;
  uint16_t port = 0;
  std::string target = {};  ///< of a WebSocket: its path and its query, which may be a secret

  bool is_websocket() const { return kind == Kind::kWs || kind == Kind::kWss; }

  /// Returns `host` without the zone of a link-local address. A zone means something on this
  /// machine only (RFC 4007 section 6), so nothing that is sent has it.
  std::string_view HostWithoutZone() const;

  /// `host:port` of what has both, without a zone; of a WebSocket without the port if that is its
  /// scheme's own, as the Host header has it.
  std::string Authority() const;

  /// The way it stands in a file, less a query: `10.0.0.5:5900`, `[fe80::1%eth0]:22`,
  /// `unix:/run/app.sock`, `builtin:echo`, `srv:_mqtt._tcp.example.com`,
  /// `wss://chat.example.com/room`.
  std::string ToString() const;
  /// Whose certificate a server is to show unless the file says otherwise. The name that SRV
  /// records are of, not the one that they lead to, which anybody can say who can forge an answer
  /// (RFC 6125 section 6.2.1).
  std::string CertificateName() const;
  bool operator==(const Endpoint&) const = default;
};

/// Parses `host:port`, `[v6]:port`, `unix:/path`, `srv:_service._proto.name`, `builtin:echo`, or
/// the URL of a WebSocket: a server to connect to. The error is one sentence that says what was
/// wrong and what was expected. A zone is refused: the text may be a client's, and a client must
/// not choose an interface.
base::Result<Endpoint, std::string> ParseServer(std::string_view text);

/// As ParseServer(), for a server that the configuration or the command line names: a link-local
/// address must have a zone (`[fe80::1%eth0]:22`), since there is no connection without.
base::Result<Endpoint, std::string> ParseConfiguredServer(std::string_view text);

/// Parses an address to listen on: an IP address and a port (0: any free one), or a bare `8080` or
/// `:8080`, which stands for `[::]:8080` (every address of the machine, IPv4 too). A link-local
/// address must have a zone.
base::Result<Endpoint, std::string> ParseListenAddress(std::string_view text);

/// A token bucket: `burst` at once, then one in each `interval`.
struct Rate {
  std::chrono::microseconds interval{0};
  uint32_t burst = 100;
};

struct Limits {
  size_t request_line = 8 * 1024;  ///< bytes of the request target; over it: 414
  size_t header = 16 * 1024;       ///< bytes of the whole request head; over it: 431
  size_t header_count = 100;       ///< header fields; over it: 431
  /// Bytes that all sessions may hold together for peers that are slow, or until a message is
  /// whole; over it no session begins. 0: no bound.
  size_t memory = 0;
  size_t sessions = 0;  ///< of all routes; over it: 503; zero: no limit
  /// Of each socket of a session, in each direction, as given to SO_RCVBUF and SO_SNDBUF; 0: the
  /// kernel tunes them.
  size_t socket_buffer = 0;
  std::optional<Rate> handshake_rate = std::nullopt;  ///< of an address; over it: 429
};

/// How many sessions a route may have; zero: no limit.
struct SessionLimits {
  size_t all = 0;         ///< over it: 503
  size_t per_client = 0;  ///< of one address; over it: 429
  size_t per_user = 0;    ///< of one user, where clients say who they are; over it: 429
};

struct Keepalive {
  Timeout ping_interval{20'000};  ///< from one ping to the next, ±10 %; zero: no pings
  Timeout pong_timeout{10'000};   ///< from a ping until something must have been received
  Timeout backend_timeout{
      120'000};  ///< how long a backend's host may leave bytes or probes unacknowledged
};

enum class OnDialFailure : uint8_t {
  kClose,  ///< 101, then Close 1014 with the reason, which a browser's page can read
  kHttp,   ///< 502 or 504 instead of the 101
};

/// The codes of the Close frames that are sluice's own choice.
enum class CloseCodes : uint8_t {
  kStandard,    ///< as the table of causes has them
  kWebsockify,  ///< 1011 in place of 1012 to 1014, which websockify does not know
};

/// What becomes of the sessions of a route that a reload takes away.
enum class OnRemoval : uint8_t {
  kKeep,   ///< they go on as they are
  kClose,  ///< Close 1001
};

enum class MessageType : uint8_t { kText, kBinary };
enum class LineEnd : uint8_t { kLf, kCrLf };
enum class ByteOrder : uint8_t { kBig, kLittle };

/// Bytes: messages are cut as they come, and mean nothing.
struct StreamFraming {
  MessageType type = MessageType::kBinary;  ///< of the messages to the client

  bool operator==(const StreamFraming&) const = default;
};

/// One message for each line.
struct LinesFraming {
  LineEnd end = LineEnd::kCrLf;           ///< what is appended to the client's messages
  size_t max_length = 64 * 1024;          ///< bytes of a line, its end not counted; over it: 1009
  MessageType type = MessageType::kText;  ///< of the messages to the client

  bool operator==(const LinesFraming&) const = default;
};

/// A length, perhaps a type byte, then the message.
struct LengthPrefixedFraming {
  uint8_t size = 4;  ///< bytes of the length: 1, 2 or 4
  ByteOrder order = ByteOrder::kBig;
  bool includes_header = false;             ///< the length counts itself and the type byte, too
  bool type_byte = false;                   ///< a byte behind the length: 1 for text, 2 for binary
  MessageType type = MessageType::kBinary;  ///< of the messages to the client without a type byte

  bool operator==(const LengthPrefixedFraming&) const = default;
};

using Framing = std::variant<StreamFraming, LinesFraming, LengthPrefixedFraming>;

/// permessage-deflate.
struct Compression {
  bool enabled = false;
  size_t min_size = 1024;  ///< messages to the client that are shorter go out as they are
  bool server_context_takeover = false;  ///< messages to the client share a window
  bool client_context_takeover = false;  ///< messages from the client may
  int server_window_bits = 15;           ///< 9 to 15; of the window for messages to the client
  int client_window_bits = 15;           ///< likewise from it, where the client can be told
  int memory_level = 8;                  ///< 1 to 9: zlib's memory besides the window

  bool operator==(const Compression&) const = default;
};

/// Bytes a second that each session may relay; 0: no bound.
struct Bandwidth {
  size_t to_backend = 0;
  size_t to_client = 0;

  bool is_bounded() const { return to_backend != 0 || to_client != 0; }
};

/// What a route, or `defaults` for all of them, can say of its sessions.
struct SessionOptions {
  Keepalive keepalive;
  Timeout connect_timeout{5'000};  ///< for the dial as a whole, the name's resolution included
  Timeout idle_timeout{0};         ///< without payload either way; pings do not count
  Timeout max_age{0};              ///< of a session, whatever it does
  Timeout close_timeout{5'000};    ///< how long a closing session may make no progress
  Timeout close_total{60'000};     ///< how long closing may take, whatever the peers send and take
  OnDialFailure on_dial_failure = OnDialFailure::kClose;
  CloseCodes close_codes = CloseCodes::kStandard;
  OnRemoval on_removal = OnRemoval::kKeep;
  /// What the route speaks, most preferred first; unset: one of the client's offers is echoed.
  std::optional<std::vector<std::string>> subprotocols;
  /// Allowed values of Origin, lower case, `*` for any and `https://*.example.com` for all names
  /// below one; unset: same origin only.
  std::optional<std::vector<std::string>> origins;
  bool require_origin = false;  ///< a request without an Origin does not pass
  SessionLimits session_limits;
  size_t message_limit = 16 * 1024 * 1024;  ///< bytes of a message where it matters; over it: 1009
  Bandwidth bandwidth;
  Framing framing;
  Compression compression;
  std::vector<AuthMethod> auth;  ///< any one of them suffices; none: whoever comes is let in
};

/// The PEM files of a certificate. Paths are absolute, or relative to where sluice was started.
struct Certificate {
  std::string cert;  ///< the certificate, then those that lead to the root, which may be left out
  std::string key;   ///< its private key, not encrypted

  bool operator==(const Certificate&) const = default;
};

/// What is wrong with the files of a certificate.
struct CertificateFault {
  bool is_in_key = false;  ///< in the key's file, or the key is that of another certificate
  std::string message;     ///< what the file is or does not do, without its name
};

/// What is wrong with a file of CRLs.
struct CrlFault {
  std::string message;      ///< what the file is or does not do, without its name
  bool is_warning = false;  ///< it can be used all the same
};

/// What is wrong with a file that the configuration names.
struct FileFault {
  std::string path = {};  ///< empty where the text was checked without its file
  int line = 0;           ///< from 1; 0 if the fault is about the file as a whole
  /// Follows the path and the line after a colon, and the path alone after a blank: "has no users".
  std::string message = {};

  /// `users.txt:3: expected user:hash`, or `'users.txt' has no users`.
  std::string ToString() const;

  bool operator==(const FileFault&) const = default;
};

/// A file of thousands of faulty lines is not the file that was meant: a parser stops after these.
inline constexpr size_t kMostFileFaults = 10;

enum class TlsVersion : uint8_t { k12, k13 };

enum class TlsMode : uint8_t {
  kRequired,  ///< a plain request is answered with a 400
  kAuto,      ///< TLS and plain are told apart by the first byte
};

enum class ClientCertificate : uint8_t {
  kNone,      ///< not asked for
  kOptional,  ///< asked for; one that is not accepted is worse than none
  kRequired,  ///< no handshake without
};

/// TLS towards clients.
struct Tls {
  std::vector<Certificate> certificates =
      {};  ///< the first is for clients that name no host we know
  TlsVersion min_version = TlsVersion::k12;
  TlsMode mode = TlsMode::kRequired;
  std::vector<std::string> ciphers = {};  ///< OpenSSL's names, most preferred first; empty: default
  std::string client_ca = {};   ///< PEM file of who may sign clients' certificates; empty: nobody
  std::string client_crl = {};  ///< PEM file of the authorities' CRLs; empty: nothing is looked up
  ClientCertificate client_certificate = ClientCertificate::kNone;
};

/// Whose word about the client's address counts.
struct Sources {
  std::vector<base::IpRange> ranges;
  bool unix_sockets = false;  ///< whoever connects through a Unix socket

  /// `peer` is nothing if it came through a Unix socket.
  bool Contain(const std::optional<base::IpAddress>& peer) const;
};

/// The PROXY protocol, from load balancers.
struct ProxyProtocol {
  bool is_required = false;
  Sources from;
};

enum class ListenerProtocol : uint8_t {
  kWebSocket,
  kTcp,  ///< bytes as they come: no HTTP, no frames
};

/// The mode and the owner of a Unix socket's file: which users may connect.
struct SocketFile {
  std::optional<uint32_t> mode = std::nullopt;  ///< unset: as the umask leaves it
  std::string user = {};                        ///< a name or a number; empty: the process's
  std::string group = {};                       ///< a name or a number; empty: the process's

  bool operator==(const SocketFile&) const = default;
};

struct Listener {
  Endpoint address;  ///< kTcp with a literal IP address, port 0 for any free one; or kUnix
  std::optional<Tls> tls = std::nullopt;                       ///< unset: plain
  std::optional<ProxyProtocol> proxy_protocol = std::nullopt;  ///< unset: not spoken
  std::string name = {};  ///< what routes call it; as loaded, its address where it has no other
  ListenerProtocol protocol = ListenerProtocol::kWebSocket;
  /// The names that requests may use, in place of Config::hosts.
  std::optional<std::vector<std::string>> hosts = std::nullopt;
  SocketFile socket_file = {};  ///< only of kUnix
};

enum class ForwardedHeader : uint8_t { kXForwardedFor, kForwarded };

/// HTTP proxies that tell in a header who the client is.
struct TrustedProxies {
  Sources from;
  ForwardedHeader header = ForwardedHeader::kXForwardedFor;
};

struct Admin {
  Endpoint address;
  std::string token_file = {};  ///< who knows the token in it may change things; empty: nobody
  /// Names that requests may use besides IP addresses and localhost, as Config::hosts.
  std::vector<std::string> hosts = {};

  bool operator==(const Admin&) const = default;
};

/// How names of servers are resolved; empty: as /etc/resolv.conf says.
struct Dns {
  std::vector<Endpoint> servers;  ///< kTcp with literal IP addresses
  Timeout timeout{2'000};         ///< for one query to one server
  int attempts = 2;               ///< queries to each server before it is given up
  Timeout cache{300'000};         ///< for which an answer is good at most; zero: every dial asks
};

/// TLS to the servers of a backend.
struct BackendTls {
  std::string ca = {};  ///< PEM file of who may sign their certificates; empty: the system's
  std::string server_name = {};  ///< whose certificate it must be; empty: the host that is dialled
  std::optional<Certificate> certificate = std::nullopt;  ///< ours, for servers that ask for one
  bool insecure_skip_verify = false;                      ///< anybody's certificate will do

  bool operator==(const BackendTls&) const = default;
};

/// A text with places for what a request brings: `{server}:5432`.
struct Template {
  enum class Source : uint8_t {
    kLiteral,
    kCapture,  ///< `{name}`, of the route's host or path
    kQuery,    ///< `{query.name}`
    kClaim,    ///< `{claim.name}`, of the client's token
  };
  struct Part {
    Source source;
    std::string text;  ///< the literal, or the name

    bool operator==(const Part&) const = default;
  };
  std::string text;  ///< as it stands in the file
  std::vector<Part> parts;
};

/// One thing that a dynamic target may be.
struct AllowRule {
  std::optional<base::IpRange> range;  ///< of addresses
  std::string host;  ///< else: a name in lower case, `*.` and a name, or `*`, at public addresses
  uint16_t first_port = 1;
  uint16_t last_port = 65535;
};

/// A server that the request names, within bounds.
struct DynamicTarget {
  Template server;
  std::vector<AllowRule> allow;  ///< nothing else can be reached
  /// Ranges allow every name to be looked up; else a name needs a rule with a name.
  bool resolves_any = false;
};

enum class SendProxy : uint8_t { kOff, kV1, kV2 };

/// One of the servers of a backend.
struct Server {
  Endpoint address;
  uint32_t weight = 1;      ///< its share of the sessions beside the others
  uint32_t tier = 1;        ///< only used if those of lower numbers are down or full
  size_t max_sessions = 0;  ///< zero: no limit

  bool operator==(const Server&) const = default;
};

/// How it is found out whether the servers of a backend work. A check connects as sessions do,
/// with the backend's TLS and PROXY header.
struct HealthCheck {
  Timeout interval{5'000};  ///< from the end of one check to the next, ±10 %
  Timeout timeout{2'000};   ///< for a check as a whole
  unsigned rise = 2;        ///< checks passed in a row that a server is up again after
  unsigned fall = 3;        ///< checks failed in a row that it is down after
  /// A handshake of TLS where the backend is plain and its clients bring their own: then nobody's
  /// certificate is judged.
  bool tls = false;
  std::string send = {};                 ///< what is said to it; empty: nothing
  std::vector<std::string> expect = {};  ///< what a line of its answer has to begin with, any one
                                         ///< of them; empty: that it can be connected to suffices

  bool operator==(const HealthCheck&) const = default;
};

/// A header that our upgrades have besides those of the handshake. The value may be a secret.
struct UpgradeHeader {
  std::string name;
  std::string value;

  bool operator==(const UpgradeHeader&) const = default;
};

/// How servers that are WebSockets are asked for one.
struct WebSocketClient {
  std::string subprotocol = {};  ///< what is offered; empty: none
  std::string origin = {};       ///< the Origin header; empty: none, as no page is asking
  std::vector<UpgradeHeader> headers = {};

  bool operator==(const WebSocketClient&) const = default;
};

struct Backend {
  std::string name;             ///< of `backends`, or the server's address for the short form
  std::vector<Server> servers;  ///< one of kDynamic where there is a target
  std::optional<BackendTls> tls = std::nullopt;  ///< unset: plain
  SendProxy proxy_protocol = SendProxy::kOff;    ///< the header that its connections begin with
  WebSocketClient websocket = {};                ///< where its servers are WebSockets: all or none
  std::optional<DynamicTarget> target = std::nullopt;
  bool is_from_token =
      false;  ///< the server, of kDynamic, is the one that the client's token names
  Balance balance = {};
  BackendQueue queue = {};
  Ejection ejection = {};
  Timeout slow_start{0};     ///< until a server that comes back has its whole share
  Timeout connect_retry{0};  ///< how long a request is held while no server can be reached

  /// Whether its servers are those of the file, and not what each request makes of it.
  bool has_fixed_servers() const { return !target && !is_from_token; }
  std::optional<HealthCheck> health_check = std::nullopt;  ///< unset: nobody looks
};

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

/// Whom the process becomes when it has bound its listeners and read its files.
struct User {
  std::string name;
  std::string group;  ///< empty: the user's own

  bool operator==(const User&) const = default;
};

/// When the configuration is read anew.
enum class Reload : uint8_t {
  kSignal,  ///< when somebody asks for it: SIGHUP, or the admin listener
  kWatch,   ///< when the file has changed, too
};

/// How a drain goes, within Config::drain_timeout.
struct Drain {
  Timeout delay{0};   ///< from not being ready any more until no connection is accepted
  Timeout window{0};  ///< over which the sessions are told, in random order

  bool operator==(const Drain&) const = default;
};

/// What is logged beside what always is.
struct LogOptions {
  bool session_opened = false;  ///< a line for each session when it begins

  bool operator==(const LogOptions&) const = default;
};

struct Config {
  std::optional<User> user;
  Reload reload = Reload::kSignal;
  Drain drain;
  LogOptions log;
  unsigned workers = 0;  ///< 0: as many as CPUs may be used
  std::vector<Listener> listeners;
  /// Names that requests may use, in lower case; `*.example.com`: any name below it; `*`: any name.
  /// Unset: any name but for listeners on a loopback address (routing/listener_hosts.h).
  std::optional<std::vector<std::string>> hosts = std::nullopt;
  std::optional<Admin> admin;
  std::optional<TrustedProxies> trusted_proxies;
  Limits limits;
  Timeout handshake_timeout{10'000};  ///< from the accept until the head is complete
  /// From the signal until the last session is cut. The rest of the 10 s after which `docker stop`
  /// kills is for the process to end.
  Timeout drain_timeout{8'000};
  Dns dns;
  AuthFailures auth_failures;
  std::vector<Backend> backends;
  std::vector<Route> routes;  ///< in the order of the file; the first that matches is taken
};

}  // namespace sluice::config
