// Sends what a message codec makes of payload: frames in batches, so that the messages of one read
// are sent with one write.
#pragma once

#include "sluice/base/bytes.h"
#include "sluice/framing/decoder.h"
#include "sluice/leg/frame_output.h"
#include "sluice/leg/io.h"
#include "sluice/leg/message_codec.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/net/stream.h"

#include "leg/frame_batch.h"

namespace sluice::leg {

/// Exists for one call of a leg. After kBroken the leg is broken.
class MessageSender {
 public:
  /// What the sender works on; all of it outlives the sender.
  struct Parts {
    net::Stream& stream;
    FrameOutput& output;
    BytesToFrames& messages;
    base::MutableBytes buffer;        ///< for frames
    metrics::Counter* sent_messages;  ///< null: not counted
  };

  explicit MessageSender(const Parts& parts)
      : parts_(parts), batch_(parts.buffer, parts.output.encoder()) {}

  /// Sends the messages that `bytes` complete.
  Output Send(base::Bytes bytes);
  /// The payload is complete: sends the rest of an incomplete message.
  Output End();

 private:
  Output SendDecoded(const framing::Decoded& decoded);
  Output Refuse(const MessageFault& fault);
  Output SendBatch();

  const Parts parts_;
  FrameBatch batch_;
};

}  // namespace sluice::leg
