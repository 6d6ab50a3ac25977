#include "config/framing.h"

#include <optional>
#include <string_view>
#include <utility>

#include "config/quote.h"
#include "config/values.h"

namespace sluice::config {
namespace {

using base::Unexpected;

// A word of the file and the value that it stands for.
template <typename T>
struct Word {
  std::string_view text;
  T value;
};

constexpr Word<MessageType> kMessageTypes[] = {{"text", MessageType::kText},
                                               {"binary", MessageType::kBinary}};
constexpr Word<LineEnd> kLineEnds[] = {{"lf", LineEnd::kLf}, {"crlf", LineEnd::kCrLf}};
constexpr Word<ByteOrder> kByteOrders[] = {{"big", ByteOrder::kBig},
                                           {"little", ByteOrder::kLittle}};
constexpr Word<uint8_t> kLengthSizes[] = {{"u8", 1}, {"u16", 2}, {"u32", 4}};

constexpr Range kMaxLengthRange{1, 1024 * 1024 * 1024};
constexpr Range kMinSizeRange{1, 1024 * 1024};
constexpr Range kWindowBitsRange{9, 15};
constexpr Range kMemoryLevelRange{1, 9};

// `'a', 'b' or 'c'`.
template <typename T, size_t size>
std::string Listed(const Word<T> (&words)[size]) {
  std::string list;
  for (size_t i = 0; i < size; ++i) {
    list += i == 0 ? "" : i + 1 == size ? " or " : ", ";
    list += Quote(words[i].text);
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
    return Unexpected(Expected(expected, text));
  };
  reader.ReadScalar(value, expected, parse, target);
}

// The functions that read one key each, for tables of fields.
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
void ReadIntInto(Reader& reader, const Value& value, Compression& target) {
  uint64_t number = 0;
  const auto parse = [](std::string_view text) { return ParseCount(text, range); };
  if (reader.ReadScalar(value, "a number", parse, number)) {
    target.*member = static_cast<int>(number);
  }
}

constexpr Field<StreamFraming> kStreamFields[] = {
    {"type", ReadWordInto<&StreamFraming::type, kMessageTypes>},
};

constexpr Field<LinesFraming> kLinesFields[] = {
    {"end", ReadWordInto<&LinesFraming::end, kLineEnds>},
    {"max_length", ReadSizeInto<&LinesFraming::max_length, kMaxLengthRange>},
    {"type", ReadWordInto<&LinesFraming::type, kMessageTypes>},
};

struct LengthPrefixedDraft {
  LengthPrefixedFraming framing;
  std::optional<Value> type;  // where it stands, if it is there
};

// Makes a function that reads into LengthPrefixedFraming one that reads into the draft.
template <auto read>
void InDraft(Reader& reader, const Value& value, LengthPrefixedDraft& draft) {
  read(reader, value, draft.framing);
}

constexpr auto kReadSize =
    ReadWordInto<&LengthPrefixedFraming::size, kLengthSizes, LengthPrefixedFraming>;
constexpr auto kReadOrder =
    ReadWordInto<&LengthPrefixedFraming::order, kByteOrders, LengthPrefixedFraming>;
constexpr auto kReadIncludesHeader =
    ReadBoolInto<&LengthPrefixedFraming::includes_header, LengthPrefixedFraming>;
constexpr auto kReadTypeByte =
    ReadBoolInto<&LengthPrefixedFraming::type_byte, LengthPrefixedFraming>;

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

constexpr Field<Framing> kFramingFields[] = {
    {"stream",
     [](Reader& reader, const Value& value, Framing& framing) {
       reader.ReadMapping<StreamFraming>(value, kStreamFields, framing.emplace<StreamFraming>());
     }},
    {"lines",
     [](Reader& reader, const Value& value, Framing& framing) {
       reader.ReadMapping<LinesFraming>(value, kLinesFields, framing.emplace<LinesFraming>());
     }},
    {"length_prefixed",
     [](Reader& reader, const Value& value, Framing& framing) {
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

const Word<Framing> kFramings[] = {{"stream", StreamFraming()},
                                   {"lines", LinesFraming()},
                                   {"length_prefixed", LengthPrefixedFraming()}};

constexpr Field<Compression> kCompressionFields[] = {
    {"enabled", ReadBoolInto<&Compression::enabled>},
    {"min_size", ReadSizeInto<&Compression::min_size, kMinSizeRange>},
    {"server_context_takeover", ReadBoolInto<&Compression::server_context_takeover>},
    {"client_context_takeover", ReadBoolInto<&Compression::client_context_takeover>},
    {"server_window_bits", ReadIntInto<&Compression::server_window_bits, kWindowBitsRange>},
    {"client_window_bits", ReadIntInto<&Compression::client_window_bits, kWindowBitsRange>},
    {"memory_level", ReadIntInto<&Compression::memory_level, kMemoryLevelRange>},
};

}  // namespace

void ReadFraming(Reader& reader, const Value& value, SessionOptions& options) {
  if (!value.node.IsMap()) {
    ReadWord(reader, value, kFramings, options.framing);
  } else if (value.node.size() != 1) {
    reader.Error(value, "expected one key, 'stream', 'lines' or 'length_prefixed'");
  } else {
    reader.ReadMapping<Framing>(value, kFramingFields, options.framing);
  }
}

void ReadCompression(Reader& reader, const Value& value, SessionOptions& options) {
  reader.ReadMapping<Compression>(value, kCompressionFields, options.compression);
}

void AddFramingMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"framing", KeysOf<Framing>(kFramingFields)});
  mappings.push_back({"stream", KeysOf<StreamFraming>(kStreamFields)});
  mappings.push_back({"lines", KeysOf<LinesFraming>(kLinesFields)});
  mappings.push_back({"length_prefixed", KeysOf<LengthPrefixedDraft>(kLengthPrefixedFields)});
  mappings.push_back({"compression", KeysOf<Compression>(kCompressionFields)});
}

}  // namespace sluice::config
