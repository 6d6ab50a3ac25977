#include "head_syntax.h"

#include <algorithm>

namespace sluice::http {

std::string_view Describe(HeadError error) {
  switch (error) {
    case HeadError::kBareLf:
      return "a line ends in LF alone, expected CR LF";
    case HeadError::kBareCr:
      return "a CR is not followed by LF";
    case HeadError::kLeadingSpace:
      return "a header line begins with whitespace";
    case HeadError::kEmptyName:
      return "a header has an empty name";
    case HeadError::kInvalidName:
      return "a header's name has a byte that is not allowed";
    case HeadError::kSpaceBeforeColon:
      return "whitespace between a header's name and colon";
    case HeadError::kNoColon:
      return "a header line has no colon";
    case HeadError::kInvalidValue:
      return "a header's value has a control byte";
    case HeadError::kTooManyFields:
      return "there are too many headers";
    case HeadError::kNoStatusLine:
      return "it does not begin with HTTP/1.1 and a status";
    case HeadError::kOtherVersion:
      return "its version is not HTTP/1.1";
    case HeadError::kInvalidStatus:
      return "its status is not a number from 100 to 999";
    case HeadError::kInvalidReason:
      return "the reason after its status has a control byte";
  }
  return "malformed head";
}

size_t AppendRun(const ByteSet& set, base::Bytes bytes, std::string& text) {
  const auto end = std::find_if_not(bytes.begin(), bytes.end(),
                                    [&set](uint8_t byte) { return set.Contains(byte); });
  const auto run = bytes.first(static_cast<size_t>(end - bytes.begin()));
  text += base::AsText(run);
  return run.size();
}

}  // namespace sluice::http
