#include "handover/message.h"

#include <cstdint>
#include <limits>
#include <set>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::handover {
namespace {

using base::Unexpected;

/// Reads the members of one message. nlohmann's accessors throw on an unexpected type, so each type
/// is checked first.
class MessageReader {
 public:
  base::Result<int, std::string> Descriptor(const nlohmann::json& object, const char* key) {
    const auto member = object.find(key);
    if (member == object.end() || !member->is_number_unsigned()) return NoDescriptor(key);
    const auto number = member->get<uint64_t>();
    if (number > static_cast<uint64_t>(std::numeric_limits<int>::max())) return NoDescriptor(key);
    const int fd = static_cast<int>(number);
    if (!seen_.insert(fd).second) {
      return Unexpected("descriptor " + std::to_string(fd) + " is there twice");
    }
    return fd;
  }

  base::Result<Message::Socket, std::string> Socket(const nlohmann::json& object) {
    if (!object.is_object()) return Unexpected(std::string("a listener is not an object"));
    const auto text = object.find("address");
    if (text == object.end() || !text->is_string()) {
      return Unexpected(std::string("the 'address' of a listener is not a text"));
    }
    auto address = settings::ParseListenAddress(text->get_ref<const std::string&>());
    if (!address) return Unexpected("the 'address' of a listener: " + address.error());
    const auto fd = Descriptor(object, "fd");
    if (!fd) return Unexpected(fd.error());
    return Message::Socket{*std::move(address), *fd};
  }

 private:
  static Unexpected<std::string> NoDescriptor(const char* key) {
    return Unexpected("'" + std::string(key) + "' is not the number of a descriptor");
  }

  std::set<int> seen_;
};

}  // namespace

std::string WriteMessage(const Message& message) {
  nlohmann::json object = {{"told", message.report_fd}, {"listeners", nlohmann::json::array()}};
  for (const auto& [listener, fd] : message.listeners) {
    object["listeners"].push_back({{"address", listener.ToString()}, {"fd", fd}});
  }
  if (message.admin) object["admin"] = *message.admin;
  // The path of a Unix socket need not be UTF-8.
  return object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

base::Result<Message, std::string> ParseMessage(std::string_view text) {
  const nlohmann::json object = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) return Unexpected(std::string("expected a JSON object"));
  MessageReader reader;
  Message message;
  const auto told = reader.Descriptor(object, "told");
  if (!told) return Unexpected(told.error());
  message.report_fd = *told;
  const auto listeners = object.find("listeners");
  if (listeners == object.end() || !listeners->is_array()) {
    return Unexpected(std::string("'listeners' is not a list"));
  }
  for (const auto& element : *listeners) {
    auto socket = reader.Socket(element);
    if (!socket) return Unexpected(std::move(socket).error());
    message.listeners.push_back(*std::move(socket));
  }
  if (object.contains("admin")) {
    const auto admin = reader.Descriptor(object, "admin");
    if (!admin) return Unexpected(admin.error());
    message.admin = *admin;
  }
  return message;
}

}  // namespace sluice::handover
