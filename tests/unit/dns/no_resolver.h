// A resolver for tests that connect to literal addresses only, or not at all.
#pragma once

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "sluice/dns/resolver.h"

namespace sluice::dns::testing {

class NoResolver final : public Resolver {
 public:
  std::unique_ptr<Query> Resolve(const std::string& host, uint16_t, Cached /*cached*/,
                                 Callback) override {
    ADD_FAILURE() << "nobody should ask for " << host;
    return nullptr;
  }
  std::unique_ptr<Query> ResolveService(const std::string& name, Cached /*cached*/,
                                        ServicesCallback) override {
    ADD_FAILURE() << "nobody should ask for " << name;
    return nullptr;
  }
  void MoveCacheFrom(Resolver& /*previous*/) override {}
};

}  // namespace sluice::dns::testing
