#include "leg/message_sender.h"

#include "sluice/websocket/deflater.h"

namespace sluice::leg {
namespace {

/// The least room for a frame that is worth beginning one.
constexpr size_t kLeastRoom = 1024;
static_assert(kLeastRoom >= websocket::Deflater::kMinOutput);

}  // namespace

Output MessageSender::Send(base::Bytes bytes) {
  for (;;) {
    const framing::Decoded decoded = parts_.messages.Next(bytes);
    if (decoded.kind == framing::Decoded::Kind::kNeedMore) return SendBatch();
    const Output output = SendDecoded(decoded);
    if (output.status != Output::Status::kOk) return output;
  }
}

Output MessageSender::End() {
  const framing::Decoded decoded = parts_.messages.End();
  if (decoded.kind == framing::Decoded::Kind::kNeedMore) return {};
  const Output output = SendDecoded(decoded);
  return output.status == Output::Status::kOk ? SendBatch() : output;
}

Output MessageSender::SendDecoded(const framing::Decoded& decoded) {
  if (decoded.kind == framing::Decoded::Kind::kError) return Refuse(FaultOfBackend(decoded.error));
  if (decoded.piece.begins_message && parts_.sent_messages != nullptr) parts_.sent_messages->Add();
  if (!parts_.messages.Begin(decoded.piece)) {
    const bool is_client = parts_.output.encoder().is_client();
    return Refuse({is_client ? base::Cause::kInvalidUtf8 : base::Cause::kBackendInvalidUtf8,
                   "a text message is not UTF-8"});
  }
  // A message is not cut into fragments for lack of room that another batch has.
  if (batch_.Room().size() < decoded.piece.payload.size() + kLeastRoom) {
    if (const Output output = SendBatch(); output.status != Output::Status::kOk) return output;
  }
  for (;;) {
    const BytesToFrames::Filled filled = parts_.messages.Fill(batch_.Room());
    if (filled.start) batch_.Add(*filled.start, filled.size);
    if (filled.done) return {};
    if (const Output output = SendBatch(); output.status != Output::Status::kOk) return output;
  }
}

/// Sends the messages before the fault, and reports it.
Output MessageSender::Refuse(const MessageFault& fault) {
  const Output output = SendBatch();
  if (output.status != Output::Status::kOk) return output;
  return {.status = Output::Status::kFault, .fault = fault};
}

Output MessageSender::SendBatch() {
  if (batch_.empty()) return {};
  const FrameOutput::Status status = parts_.output.SendFrames(parts_.stream, batch_.frames());
  batch_.Clear();
  if (status == FrameOutput::Status::kError) return {.status = Output::Status::kBroken};
  return {};
}

}  // namespace sluice::leg
