#include "config/framing.h"

#include <optional>
#include <string_view>
#include <utility>

#include "sluice/settings/framing.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/session_options.h"

#include "config/values.h"

namespace sluice::config {
namespace {

using base::Unexpected;

// A word of the file, and its value.
template <typename T>
struct Word {
  std::string_view text;
  T value;
};

constexpr Word<settings::MessageType> kMessageTypes[] = {
    {"text", settings::MessageType::kText}, {"binary", settings::MessageType::kBinary}};
constexpr Word<settings::LineEnd> kLineEnds[] = {{"lf", settings::LineEnd::kLf},
                                                 {"crlf", settings::LineEnd::kCrLf}};
constexpr Word<settings::ByteOrder> kByteOrders[] = {{"big", settings::ByteOrder::kBig},
                                                     {"little", settings::ByteOrder::kLittle}};
constexpr Word<uint8_t> kLengthSizes[] = {{"u8", 1}, {"u16", 2}, {"u32", 4}};

constexpr Range kMaxLengthRange{1, 1024 * 1024 * 1024};
constexpr Range kMinSizeRange{1, 1024 * 1024};
constexpr Range kWindowBitsRange{9, 15};
constexpr Range kMemoryLevelRange{1, 9};

// Returns `'a', 'b' or 'c'`.
template <typename T, size_t size>
std::string Listed(const Word<T> (&words)[size]) {
  std::string list;
  for (size_t i = 0; i < size; ++i) {
    list += i == 0 ? "" : i + 1 == size ? " or " : ", ";
    list += settings::Quote(words[i].text);
  }
  return list;
}

template <typename T, size_t size>
void ReadWord(Reader& reader, const Value& value, const Word<T> (&words)[size], T& target) {
  const std::string expected = Listed(words);
  const auto parse = [&](std::string_view text) -> Parsed<T> {
    for (const auto& word : words) {
      if (word.text == text) return word.value;
    }
    return Unexpected(settings::Expected(expected, text));
  };
  reader.ReadScalar(value, expected, parse, target);
}

// Functions for tables of fields, each of which reads one key.
template <auto member, const auto& words, typename T>
void ReadWordInto(Reader& reader, const Value& value, T& target) {
  ReadWord(reader, value, words, target.*member);
}

template <auto member, typename T>
void ReadBoolInto(Reader& reader, const Value& value, T& target) {
  reader.ReadScalar(value, "'true' or 'false'", ParseBool, target.*member);
}

template <auto member, const Range& range, typename T>
void ReadSizeInto(Reader& reader, const Value& value, T& target) {
  const auto parse = [](std::string_view text) { return ParseSize(text, range); };
  reader.ReadScalar(value, "a size", parse, target.*member);
}

template <auto member, const Range& range>
void ReadIntInto(Reader& reader, const Value& value, settings::Compression& target) {
  uint64_t number = 0;
  const auto parse = [](std::string_view text) { return ParseCount(text, range); };
  if (reader.ReadScalar(value, "a number", parse, number)) {
    target.*member = static_cast<int>(number);
  }
}

constexpr Field<settings::StreamFraming> kStreamFields[] = {
    {"type", ReadWordInto<&settings::StreamFraming::type, kMessageTypes>},
};

constexpr Field<settings::LinesFraming> kLinesFields[] = {
    {"end", ReadWordInto<&settings::LinesFraming::end, kLineEnds>},
    {"max_length", ReadSizeInto<&settings::LinesFraming::max_length, kMaxLengthRange>},
    {"type", ReadWordInto<&settings::LinesFraming::type, kMessageTypes>},
};

struct LengthPrefixedDraft {
  settings::LengthPrefixedFraming framing;
  std::optional<Value> type;  // set if the file has it
};

// Turns a function that reads into LengthPrefixedFraming into one that reads into the draft.
template <auto read>
void InDraft(Reader& reader, const Value& value, LengthPrefixedDraft& draft) {
  read(reader, value, draft.framing);
}

constexpr auto kReadSize = ReadWordInto<&settings::LengthPrefixedFraming::size, kLengthSizes,
                                        settings::LengthPrefixedFraming>;
constexpr auto kReadOrder = ReadWordInto<&settings::LengthPrefixedFraming::order, kByteOrders,
                                         settings::LengthPrefixedFraming>;
constexpr auto kReadIncludesHeader = ReadBoolInto<&settings::LengthPrefixedFraming::includes_header,
                                                  settings::LengthPrefixedFraming>;
constexpr auto kReadTypeByte =
    ReadBoolInto<&settings::LengthPrefixedFraming::type_byte, settings::LengthPrefixedFraming>;

constexpr Field<LengthPrefixedDraft> kLengthPrefixedFields[] = {
    {"size", InDraft<kReadSize>},
    {"order", InDraft<kReadOrder>},
    {"includes_header", InDraft<kReadIncludesHeader>},
    {"type_byte", InDraft<kReadTypeByte>},
    {"type",
     [](Reader& reader, const Value& value, LengthPrefixedDraft& draft) {
       draft.type = value;
       ReadWord(reader, value, kMessageTypes, draft.framing.type);
     }},
};

constexpr Field<settings::Framing> kFramingFields[] = {
    {"stream",
     [](Reader& reader, const Value& value, settings::Framing& framing) {
       reader.ReadMapping<settings::StreamFraming>(value, kStreamFields,
                                                   framing.emplace<settings::StreamFraming>());
     }},
    {"lines",
     [](Reader& reader, const Value& value, settings::Framing& framing) {
       reader.ReadMapping<settings::LinesFraming>(value, kLinesFields,
                                                  framing.emplace<settings::LinesFraming>());
     }},
    {"length_prefixed",
     [](Reader& reader, const Value& value, settings::Framing& framing) {
       LengthPrefixedDraft draft;
       reader.ReadMapping<LengthPrefixedDraft>(value, kLengthPrefixedFields, draft);
       if (draft.type && draft.framing.type_byte) {
         reader.Error(*draft.type,
                      "has no effect with 'type_byte: true', where a byte of each message gives "
                      "the type; take it out");
       }
       framing = draft.framing;
     }},
};

const Word<settings::Framing> kFramings[] = {
    {"stream", settings::StreamFraming()},
    {"lines", settings::LinesFraming()},
    {"length_prefixed", settings::LengthPrefixedFraming()}};

constexpr Field<settings::Compression> kCompressionFields[] = {
    {"enabled", ReadBoolInto<&settings::Compression::enabled>},
    {"min_size", ReadSizeInto<&settings::Compression::min_size, kMinSizeRange>},
    {"server_context_takeover", ReadBoolInto<&settings::Compression::server_context_takeover>},
    {"client_context_takeover", ReadBoolInto<&settings::Compression::client_context_takeover>},
    {"server_window_bits",
     ReadIntInto<&settings::Compression::server_window_bits, kWindowBitsRange>},
    {"client_window_bits",
     ReadIntInto<&settings::Compression::client_window_bits, kWindowBitsRange>},
    {"memory_level", ReadIntInto<&settings::Compression::memory_level, kMemoryLevelRange>},
};

}  // namespace

void ReadFraming(Reader& reader, const Value& value, settings::SessionOptions& options) {
  if (!value.node.IsMap()) {
    ReadWord(reader, value, kFramings, options.framing);
  } else if (value.node.size() != 1) {
    reader.Error(value, "expected one key, 'stream', 'lines' or 'length_prefixed'");
  } else {
    reader.ReadMapping<settings::Framing>(value, kFramingFields, options.framing);
  }
}

void ReadCompression(Reader& reader, const Value& value, settings::SessionOptions& options) {
  reader.ReadMapping<settings::Compression>(value, kCompressionFields, options.compression);
}

void AddFramingMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"framing", KeysOf<settings::Framing>(kFramingFields)});
  mappings.push_back({"stream", KeysOf<settings::StreamFraming>(kStreamFields)});
  mappings.push_back({"lines", KeysOf<settings::LinesFraming>(kLinesFields)});
  mappings.push_back({"length_prefixed", KeysOf<LengthPrefixedDraft>(kLengthPrefixedFields)});
  mappings.push_back({"compression", KeysOf<settings::Compression>(kCompressionFields)});
}

}  // namespace sluice::config
