// Sec-WebSocket-Extensions on any header, against a plain reading of the grammar of RFC 6455
// section 9.1, and permessage-deflate against what its section 7 demands of an answer. The first
// byte of an input is what the server prefers.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/websocket/deflate_negotiation.h"
#include "sluice/websocket/extensions.h"

namespace {

using sluice::websocket::DeflateAgreement;
using sluice::websocket::DeflatePreferences;
using sluice::websocket::Extension;
using sluice::websocket::NegotiateDeflate;
using sluice::websocket::ParseExtensions;

void Require(bool condition) {
  if (!condition) std::abort();
}

bool IsTokenCharacter(char c) {
  return c > ' ' && c < 0x7f &&
         std::string_view("\"(),/:;<=>?@[\\]{}").find(c) == std::string::npos;
}

// The words of the header: separators by themselves, tokens with a 't' before them whether or not
// they were in quotes, nothing for white space. No value for what has no words.
std::optional<std::vector<std::string>> Words(std::string_view header) {
  std::vector<std::string> words;
  size_t i = 0;
  while (i < header.size()) {
    const char c = header[i];
    if (c == ' ' || c == '\t') {
      ++i;
    } else if (c == ',' || c == ';' || c == '=') {
      words.emplace_back(1, c);
      ++i;
    } else if (IsTokenCharacter(c)) {
      words.emplace_back("t");
      while (i < header.size() && IsTokenCharacter(header[i])) words.back() += header[i++];
    } else if (c == '"') {
      words.emplace_back("q");
      for (++i; i < header.size() && header[i] != '"'; ++i) {
        if (header[i] == '\\' && ++i == header.size()) return std::nullopt;
        if (!IsTokenCharacter(header[i])) return std::nullopt;
        words.back() += header[i];
      }
      if (i == header.size() || words.back().size() == 1) return std::nullopt;
      ++i;
    } else {
      return std::nullopt;
    }
  }
  return words;
}

// The words once more, from what was parsed; empty elements of the list are gone.
std::vector<std::string> Words(const std::vector<Extension>& extensions) {
  std::vector<std::string> words;
  for (const Extension& extension : extensions) {
    if (!words.empty()) words.emplace_back(",");
    words.push_back('t' + std::string(extension.name));
    for (const auto& [name, value] : extension.parameters) {
      words.emplace_back(";");
      words.push_back('t' + std::string(name));
      if (value) words.insert(words.end(), {"=", 't' + *value});
    }
  }
  return words;
}

// Whether the words follow the grammar: a machine that looks at one word at a time. Takes empty
// elements out and makes quoted words plain ones.
bool IsWellFormed(std::vector<std::string>& words) {
  enum { kElement, kBehindName, kParameter, kBehindParameter, kValue, kBehindValue } state{};
  std::vector<std::string> kept;
  for (std::string& word : words) {
    const char kind = word[0];
    switch (state) {
      case kElement:
        if (kind == ',') continue;
        if (kind != 't') return false;
        if (!kept.empty()) kept.emplace_back(",");
        state = kBehindName;
        break;
      case kParameter:
        if (kind != 't') return false;
        state = kBehindParameter;
        break;
      case kValue:
        if (kind != 't' && kind != 'q') return false;
        word[0] = 't';
        state = kBehindValue;
        break;
      default:
        if (kind == ',') {
          state = kElement;
          continue;
        }
        if (kind == '=' && state == kBehindParameter) {
          state = kValue;
        } else if (kind == ';') {
          state = kParameter;
        } else {
          return false;
        }
    }
    kept.push_back(word);
  }
  words = kept;
  return state != kParameter && state != kValue;
}

using Parameters = std::map<std::string, std::string, std::less<>>;

int NumberOr(const Parameters& parameters, std::string_view name, int otherwise) {
  const auto found = parameters.find(name);
  return found != parameters.end() && !found->second.empty() ? std::stoi(found->second) : otherwise;
}

bool IsWindow(std::string_view value) {
  for (const auto good : {"8", "9", "10", "11", "12", "13", "14", "15"}) {
    if (value == good) return true;
  }
  return false;
}

// What an offer says, if the server can keep it (RFC 7692 section 7.1).
std::optional<Parameters> Judge(const Extension& extension) {
  if (extension.name != "permessage-deflate") return std::nullopt;
  Parameters parameters;
  for (const auto& [name, value] : extension.parameters) {
    if (!parameters.emplace(name, value.value_or("")).second) return std::nullopt;
    if (name == "server_no_context_takeover" || name == "client_no_context_takeover") {
      if (value) return std::nullopt;
    } else if (name == "server_max_window_bits") {
      if (!value || !IsWindow(*value) || *value == "8") return std::nullopt;
    } else if (name == "client_max_window_bits") {
      if (value && !IsWindow(*value)) return std::nullopt;
    } else {
      return std::nullopt;
    }
  }
  return parameters;
}

// Whether `answer` may follow `offer`, and says what was agreed.
void CheckAnswer(const Parameters& offer, std::string_view answer,
                 const DeflateAgreement& agreement, const DeflatePreferences& preferences) {
  const auto parsed = ParseExtensions(answer);
  Require(parsed.has_value() && parsed->size() == 1);
  const auto told = Judge(parsed->front());
  Require(told.has_value());
  Require(told->contains("server_no_context_takeover") == !agreement.server_context_takeover);
  Require(told->contains("client_no_context_takeover") == !agreement.client_context_takeover);
  Require(NumberOr(*told, "server_max_window_bits", 15) == agreement.server_window_bits);
  Require(NumberOr(*told, "client_max_window_bits", 15) == agreement.client_window_bits);

  Require(agreement.server_context_takeover ==
          (preferences.server_context_takeover && !offer.contains("server_no_context_takeover")));
  Require(agreement.client_context_takeover ==
          (preferences.client_context_takeover && !offer.contains("client_no_context_takeover")));
  Require(agreement.server_window_bits <= NumberOr(offer, "server_max_window_bits", 15));
  Require(agreement.server_window_bits <= preferences.server_window_bits);
  Require(agreement.server_window_bits >= 9);
  Require(agreement.client_window_bits <= NumberOr(offer, "client_max_window_bits", 15));
  if (offer.contains("server_max_window_bits")) Require(told->contains("server_max_window_bits"));
  if (!offer.contains("client_max_window_bits")) Require(!told->contains("client_max_window_bits"));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view header(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto extensions = ParseExtensions(header);
  auto words = Words(header);
  Require(extensions.has_value() == (words && IsWellFormed(*words)));
  if (!extensions) {
    Require(extensions.error().starts_with("Sec-WebSocket-Extensions "));
    return 0;
  }
  Require(Words(*extensions) == *words);

  const DeflatePreferences preferences{.server_context_takeover = (data[0] & 1) != 0,
                                       .client_context_takeover = (data[0] & 2) != 0,
                                       .server_window_bits = 9 + (data[0] >> 2) % 7,
                                       .client_window_bits = 9 + (data[0] >> 5) % 7};
  const auto answer = NegotiateDeflate(*extensions, preferences);
  for (const Extension& extension : *extensions) {
    const auto offer = Judge(extension);
    if (!offer) continue;
    Require(answer.has_value());
    CheckAnswer(*offer, answer->header, answer->agreement, preferences);
    return 0;
  }
  Require(!answer.has_value());
  return 0;
}
