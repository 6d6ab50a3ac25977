// A session's client: connects, upgrades, sends and verifies as the work has it, and closes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "load/client_frame.h"
#include "load/histogram.h"
#include "load/loop.h"
#include "load/transport.h"
#include "load/work.h"

namespace sluice::bench {

class Client;

class ClientOwner : public Reporter {
 public:
  virtual void OnOpen(Client& client) = 0;

  /// It has got back all that it was to get back, and for connect it has closed in good order.
  virtual void OnFinished(Client& client) = 0;

  virtual void OnClientFailed(Client& client, const std::string& error) = 0;
};

/// What all clients of a run add to.
struct ClientTotals {
  uint64_t verified_bytes = 0;
  uint64_t messages = 0;
  uint64_t pings = 0;  // That the gateway sent.
  Histogram latency;
};

class Client : public Handler {
 public:
  Client(Loop& loop, const Work& work, ClientTotals& totals, ClientOwner& owner,
         std::mt19937_64& random, size_t index);

  void Connect();

  /// Begins to send, once it is open.
  void Go();

  /// Sends a message, and returns false if the one before is not back yet.
  bool SendNext();

  /// Fails if something is to arrive and nothing has for too long.
  void CheckStall();

  /// Hears and says nothing more, and is to be destroyed.
  void Abandon();

  size_t index() const { return index_; }
  int64_t start_time() const { return start_time_; }

  void OnReady(uint32_t events) override;

 private:
  enum class State { kConnecting, kSecuring, kUpgrading, kOpen, kClosing, kGone };

  void Secure();
  void OnConnected();
  void OnOpen();
  void AnnounceKind();
  void Receive();
  void OnReceived(std::span<const uint8_t> bytes);
  std::span<const uint8_t> TakeResponse(std::span<const uint8_t> bytes);
  void TakeFrames(std::span<const uint8_t> bytes);
  void TakePayload(std::span<const uint8_t> bytes);
  void TakeMessages();
  void TakeControl(Opcode opcode, std::span<const uint8_t> payload);
  void OnEnd();

  void StartClose();
  void Flush();
  bool SendUnsent();
  bool SendUrgent();
  bool SendTraffic(size_t most);
  size_t Send(const std::array<iovec, 2>& parts);
  void SetInterest(uint32_t interest);
  void Fail(const std::string& what);

  bool is_stream() const { return kind_ == WorkKind::kToClient; }
  bool is_mixed() const { return work_.request.kind == WorkKind::kMixed; }

  Loop& loop_;
  const Work& work_;
  const WorkKind kind_;
  const Traffic& traffic_;
  ClientTotals& totals_;
  ClientOwner& owner_;
  std::mt19937_64& random_;
  const size_t index_;
  std::unique_ptr<Transport> transport_;
  State state_ = State::kConnecting;
  uint32_t interest_ = 0;
  int64_t start_time_ = 0;
  int64_t progress_time_ = 0;
  bool expects_ = true;  // Not while it waits for others to open, nor when it is to be idle.
  int64_t sent_time_ = 0;

  std::string key_;
  std::string response_;  // As much of its head as has come.
  ServerFrameReader reader_;
  size_t receive_position_ = 0;
  size_t received_in_message_ = 0;
  uint64_t received_ = 0;

  // Handshake, kind and control frames: to go out between messages.
  std::vector<uint8_t> urgent_;
  uint64_t credit_ = 0;  // Bytes of traffic that may be sent.
  size_t send_position_ = 0;
  size_t sent_in_message_ = 0;
  bool close_received_ = false;
};

}  // namespace sluice::bench
