// The files of config/: the JSON Schema knows exactly the keys that the loader knows, and every
// configuration that sluice comes with is without fault.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "sluice/config/loader.h"

#include "config/diagnostics.h"
#include "source_directory.h"

namespace sluice::config {
namespace {

using testing::NoVariables;

using nlohmann::json;

const std::filesystem::path kConfigDirectory = SourceFile("config");

json ReadSchema() {
  std::ifstream file(kConfigDirectory / "sluice.schema.json");
  return json::parse(file);
}

const json& Find(const json& schema, std::string_view name) {
  return name.empty() ? schema : schema.at("$defs").at(std::string(name));
}

TEST(Schema, HasTheLoadersKeys) {
  const auto schema = ReadSchema();
  for (const auto& [name, keys] : KnownMappings()) {
    const auto& mapping = Find(schema, name);
    std::set<std::string> in_schema;
    for (const auto& [key, value] : mapping.at("properties").items()) {
      in_schema.insert(key);
      EXPECT_TRUE(value.contains("description")) << name << '.' << key;
    }
    EXPECT_EQ(in_schema, std::set<std::string>(keys.begin(), keys.end())) << name;
    EXPECT_EQ(in_schema.size(), keys.size()) << name;
    EXPECT_EQ(mapping.at("additionalProperties"), false) << name;
  }
}

size_t CountMappings(const json& node) {
  size_t count = node.is_object() && node.contains("properties") ? 1 : 0;
  if (node.is_structured()) {
    for (const auto& child : node) count += CountMappings(child);
  }
  return count;
}

TEST(Schema, HasNoOtherMappings) {
  EXPECT_EQ(CountMappings(ReadSchema()), KnownMappings().size());
}

void CollectReferences(const json& node, std::set<std::string>& references) {
  if (node.is_object() && node.contains("$ref")) references.insert(node.at("$ref"));
  if (!node.is_structured()) return;
  for (const auto& child : node) CollectReferences(child, references);
}

TEST(Schema, RefersToAllOfItsDefinitionsAndToNothingElse) {
  const auto schema = ReadSchema();
  std::set<std::string> references;
  CollectReferences(schema, references);
  std::set<std::string> definitions;
  for (const auto& [name, value] : schema.at("$defs").items())
    definitions.insert("#/$defs/" + name);
  EXPECT_EQ(references, definitions);
}

// The defaults that the schema shows to editors are those of the loader: a file that spells them
// out loads as the same configuration as one that does not.
TEST(Schema, ShowsTheRealDefaults) {
  const auto schema = ReadSchema();
  const auto section = [&schema](const char* name) {
    std::string text = "{";
    for (const auto& [key, value] : Find(schema, name).at("properties").items()) {
      if (value.contains("default")) text += key + ": " + value.at("default").dump() + ", ";
    }
    return text + "}";
  };
  const std::string rest = "listeners: [1]\nroutes: [{name: a, match: {path: /a}, backend: a:1}]\n";
  const auto spelled = LoadString(
      rest + "dns: " + section("dns") + "\ndefaults:\n  keepalive: " + section("keepalive") +
          "\n  timeouts: " + section("default_timeouts") + "\n  limits: " + section("limits") +
          "\n  compression: " + section("compression") + "\n",
      "f");
  ASSERT_TRUE(spelled) << spelled.error().front().ToString();
  const settings::Config expected;
  const auto& config = spelled->config;
  EXPECT_EQ(config.dns.timeout, expected.dns.timeout);
  EXPECT_EQ(config.dns.attempts, expected.dns.attempts);
  EXPECT_EQ(config.dns.cache, expected.dns.cache);
  EXPECT_EQ(config.limits.request_line, expected.limits.request_line);
  EXPECT_EQ(config.limits.header, expected.limits.header);
  EXPECT_EQ(config.limits.header_count, expected.limits.header_count);
  EXPECT_EQ(config.limits.socket_buffer, expected.limits.socket_buffer);
  EXPECT_EQ(config.handshake_timeout, expected.handshake_timeout);
  EXPECT_EQ(config.drain_timeout, expected.drain_timeout);
  const settings::SessionOptions defaults;
  const auto& options = config.routes[0].options;
  EXPECT_EQ(options.keepalive.ping_interval, defaults.keepalive.ping_interval);
  EXPECT_EQ(options.keepalive.pong_timeout, defaults.keepalive.pong_timeout);
  EXPECT_EQ(options.keepalive.backend_timeout, defaults.keepalive.backend_timeout);
  EXPECT_EQ(options.connect_timeout, defaults.connect_timeout);
  EXPECT_EQ(options.idle_timeout, defaults.idle_timeout);
  EXPECT_EQ(options.close_timeout, defaults.close_timeout);
  EXPECT_EQ(options.close_total, defaults.close_total);
  EXPECT_EQ(options.message_limit, defaults.message_limit);
  EXPECT_EQ(options.compression, defaults.compression);

  const auto pool = [&](const std::string& server, const std::string& more) {
    const auto loaded =
        LoadString(rest + "backends: {b: {servers: [" + server + "]" + more + "}}\n", "f");
    EXPECT_TRUE(loaded) << loaded.error().front().ToString();
    return loaded ? loaded->config.backends.front() : settings::Backend();
  };
  const std::string bounded = "{address: 'a:1', max_sessions: 1}";
  EXPECT_EQ(pool("{address: 'a:1', " + section("pool_server").substr(1), "").servers,
            pool("'a:1'", "").servers);
  EXPECT_EQ(pool("'a:1'", ", eject: " + section("eject")).ejection, settings::Ejection());
  EXPECT_EQ(pool(bounded, ", queue: {size: 1, " + section("queue").substr(1)).queue.timeout,
            settings::BackendQueue().timeout);

  const auto checked = LoadString(
      rest + "backends: {a: {servers: [b:1], health_check: " + section("health_check") + "}}\n",
      "f");
  ASSERT_TRUE(checked) << checked.error().front().ToString();
  EXPECT_EQ(checked->config.backends[0].health_check, settings::HealthCheck());

  for (const char* name : {"lines", "length_prefixed"}) {
    const auto framing = [&](const std::string& value) {
      const auto loaded = LoadString(rest + "defaults: {framing: " + value + "}\n", "f");
      EXPECT_TRUE(loaded) << loaded.error().front().ToString();
      return loaded ? loaded->config.routes[0].options.framing : settings::Framing();
    };
    EXPECT_EQ(framing(std::string("{") + name + ": " + section(name) + "}"), framing(name));
  }
}

std::vector<std::string> ShippedFiles() {
  std::vector<std::string> files;
  for (const auto& directory : {kConfigDirectory, kConfigDirectory / "examples"}) {
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      if (entry.path().extension() == ".yaml") files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

TEST(ShippedFiles, AreWithoutErrorsAndWarnings) {
  const auto files = ShippedFiles();
  EXPECT_GE(files.size(), 7U);
  for (const auto& file : files) {
    const auto loaded = LoadFile(file, NoVariables);
    if (!loaded) {
      for (const auto& error : loaded.error()) ADD_FAILURE() << error.ToString();
      continue;
    }
    for (const auto& warning : loaded->warnings) ADD_FAILURE() << warning.ToString();
  }
}

// Every key stands as `key:` in the one example that is meant to have them all.
TEST(ShippedFiles, AllOptionsHasEveryKey) {
  std::ifstream file(kConfigDirectory / "examples" / "all-options.yaml");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const auto& [name, keys] : KnownMappings()) {
    for (const auto key : keys) {
      EXPECT_NE(text.find(' ' + std::string(key) + ':') == std::string::npos
                    ? text.find('\n' + std::string(key) + ':')
                    : 0,
                std::string::npos)
          << name << '.' << key;
    }
  }
}

// The reference page names every key.
TEST(ShippedFiles, TheReferenceHasEveryKey) {
  std::ifstream file(SourceFile("docs/configuration.md"));
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  for (const auto& [name, keys] : KnownMappings()) {
    for (const auto key : keys) {
      EXPECT_NE(text.find('`' + std::string(key) + '`'), std::string::npos) << name << '.' << key;
    }
  }
}

}  // namespace
}  // namespace sluice::config
