// Parses the field lines of a request or response head (RFC 9112 section 5), in pieces of any size.
//
//   kLine ──► kName ──► kValueStart ──► kValue ──► kLineLf ──► kLine
//     └─────► kEndLf ──► kDone
//
// Every line ends in CR LF. RFC 9112 section 2.2 lets a recipient accept LF alone, and section 5.2
// lets a client accept folded lines; both are refused here, in requests and in responses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/http/request.h"

#include "head_syntax.h"

namespace sluice::http {

class FieldParser {
 public:
  explicit FieldParser(size_t max_fields) : max_fields_(max_fields) {}

  /// Parses `bytes` up to the end of the empty line that ends the head and returns how many it
  /// consumed. It must not be called again after an error.
  base::Result<size_t, HeadError> Feed(base::Bytes bytes);

  /// Returns true if the empty line has been parsed.
  bool done() const { return state_ == State::kDone; }

  /// The fields, complete when done(). They may be moved from.
  std::vector<Header>& fields() { return fields_; }

 private:
  enum class State : uint8_t {
    kLine,        // at the first byte of a line
    kName,        // in a name
    kValueStart,  // after the colon, before the first byte of the value
    kValue,       // in a value
    kLineLf,      // after the CR of a field line
    kEndLf,       // after the CR of the empty line
    kDone,
  };

  size_t AppendToField(base::Bytes bytes);
  std::optional<HeadError> ParseByte(uint8_t byte);
  std::optional<HeadError> StartLine(uint8_t byte);
  std::optional<HeadError> EndName(uint8_t byte);
  std::optional<HeadError> EndValue(uint8_t byte);
  std::optional<HeadError> ExpectLf(uint8_t byte, State next);

  size_t max_fields_;
  State state_ = State::kLine;
  std::vector<Header> fields_;
};

}  // namespace sluice::http
