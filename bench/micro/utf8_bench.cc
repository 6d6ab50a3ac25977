// Validation of text in several scripts. A copy of as many bytes is BM_Memcpy.
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "sluice/base/bytes.h"
#include "sluice/websocket/utf8.h"

#include "buffers.h"

namespace sluice::bench {
namespace {

constexpr std::string_view kAscii =
    "{\"op\": \"move\", \"x\": 1024, \"y\": 768, \"shift\": false}\n";
constexpr std::string_view kGerman = "Zwölf Boxkämpfer jagen Viktor quer über den großen Deich. ";
constexpr std::string_view kRussian = "Съешь же ещё этих мягких французских булок, да выпей чаю. ";
constexpr std::string_view kChinese =
    "道可道，非常道。名可名，非常名。無名天地之始；有名萬物之母。";
constexpr std::string_view kEmoji = "😀🚀🎉🦊🌍🔥💾🧩";

// At most `size` bytes of the phrase over and over, ending with a character.
std::string Repeat(std::string_view phrase, size_t size) {
  std::string text;
  while (text.size() < size) text += phrase;
  while ((static_cast<uint8_t>(text[size]) & 0xc0) == 0x80) --size;
  text.resize(size);
  return text;
}

void BM_IsUtf8(benchmark::State& state, std::string_view phrase) {
  const std::string text = Repeat(phrase, SizeOf(state));
  for (auto _ : state) {
    benchmark::DoNotOptimize(websocket::IsUtf8(base::AsBytes(text)));
  }
  CountBytes(state, text.size());
}
BENCHMARK_CAPTURE(BM_IsUtf8, ascii, kAscii)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_IsUtf8, german, kGerman)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_IsUtf8, russian, kRussian)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_IsUtf8, chinese, kChinese)->Apply(Sizes);
BENCHMARK_CAPTURE(BM_IsUtf8, emoji, kEmoji)->Apply(Sizes);

}  // namespace
}  // namespace sluice::bench
