# Run with -P by sluice_embed(): writes the bytes of INPUT as a C++ array into OUTPUT.
file(READ "${INPUT}" hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
string(REGEX REPLACE "(('[^']*',)('[^']*',)('[^']*',)('[^']*',)('[^']*',)('[^']*',)('[^']*',)('[^']*',))" "\\1\n" bytes "${bytes}")
file(WRITE "${OUTPUT}" "#include <string_view>
namespace {
constexpr char kBytes[] = {
${bytes}0};
}
namespace sluice::embedded {
extern const std::string_view ${SYMBOL};
const std::string_view ${SYMBOL}{kBytes, ${size}};
}
")
