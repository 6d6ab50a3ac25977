// The results of reading from a leg and of sending to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "sluice/base/bytes.h"
#include "sluice/leg/message_fault.h"

namespace sluice::leg {

/// A Close frame that a peer sent. Without a code it was empty.
struct PeerClose {
  std::optional<uint16_t> code = std::nullopt;
  std::string reason = {};
  bool is_answer = false;  ///< we had sent a Close before
};

/// The result of Leg::Read.
struct Input {
  enum class Status : uint8_t {
    kOk,          ///< bytes were read; `payload` is empty if they were control frames alone
    kWouldBlock,  ///< nothing to read now
    kHalfClosed,  ///< no payload follows `payload`, but control frames may
    kEnd,         ///< the peer has ended its direction of the connection cleanly
    kClose,       ///< the peer sent a Close frame after `payload`
    kFault,       ///< after `payload`, the peer broke its protocol: `fault`
    kLost,        ///< the connection is broken, or ended without a Close frame
  };
  Status status = Status::kOk;
  /// Until the next call of any leg of the worker. kHeaderRoom bytes before it may be overwritten.
  base::MutableBytes payload = {};
  size_t received = 0;  ///< bytes for limits.bandwidth: received, or inflated
  size_t cost = 0;      ///< what the bytes and frames cost of a turn's budget
  MessageFault fault = {};
};

/// The result of sending.
struct Output {
  enum class Status : uint8_t {
    kOk,      ///< sent or queued
    kBroken,  ///< the connection is broken; the peer takes nothing more
    kFault,   ///< the bytes are no messages of the framing: `fault`
  };
  Status status = Status::kOk;
  MessageFault fault = {};
};

}  // namespace sluice::leg
