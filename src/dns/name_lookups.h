// Caches DNS answers and merges concurrent lookups of one name.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/dns/resolver.h"
#include "sluice/net/event_loop.h"

#include "dns/name_cache.h"

namespace sluice::dns {

/// For one kind of record. Belongs to the loop's thread; outlives its queries' handles.
template <typename Value>
class NameLookups {
 public:
  using Outcome = base::Result<Value, std::string>;
  using Callback = std::function<void(Outcome)>;

  /// A query to DNS that is under way.
  class Question;

  NameLookups(net::EventLoop& loop, base::Duration max_lifetime)
      : loop_(loop), cache_(max_lifetime), renewed_(Resolver::kRenewInterval) {}

  /// Calls `ask` with a question that is new: then Answer has to be called with the question, once,
  /// from inside `ask` or later.
  template <typename Ask>
  std::unique_ptr<Resolver::Query> Find(const std::string& name, Resolver::Cached cached,
                                        Callback callback, Ask ask);

  /// Returns `value` in the next turn of the loop, without a question.
  std::unique_ptr<Resolver::Query> Return(Value value, bool is_renewable, Callback callback);

  /// Failures are not cached, nor are values without a lifetime.
  static void Answer(Question* question, Outcome outcome, std::chrono::seconds lifetime);

  /// Answers the lookups of `name` that wait with a value to which Answer may add. Does nothing if
  /// there is no question of this name, or if it has a partial answer already.
  void AnswerInPart(const std::string& name, const Value& value);

  /// Returns true while there is a question of this name.
  bool IsAsking(const std::string& name) const { return questions_.contains(name); }

  void MoveCacheFrom(NameLookups& previous) {
    cache_.MoveFrom(previous.cache_);
    renewed_.MoveFrom(previous.renewed_);
  }

 private:
  struct Lookup {
    explicit Lookup(Callback on_answer) : callback(std::move(on_answer)) {}
    Callback callback;  // Empty once cancelled or answered.
    bool is_renewable = false;
  };

  class Handle final : public Resolver::Query, private net::EventLoop::Task {
   public:
    explicit Handle(std::shared_ptr<Lookup> lookup) : lookup_(std::move(lookup)) {}
    ~Handle() override { lookup_->callback = nullptr; }

    /// In the next turn of the loop, as Resolver promises.
    void AnswerLater(net::EventLoop& loop, Outcome outcome) {
      outcome_.emplace(std::move(outcome));
      loop.RunNextTurn(*this);
    }

    bool IsRenewable() const override { return lookup_->is_renewable; }

   private:
    void RunTask() override {
      // The callback may destroy this handle.
      const auto callback = std::exchange(lookup_->callback, nullptr);
      callback(*std::move(outcome_));
    }

    const std::shared_ptr<Lookup> lookup_;
    std::optional<Outcome> outcome_;
  };

  bool AcquireRenewal(const std::string& name);
  static void AnswerAll(std::vector<std::shared_ptr<Lookup>> lookups, const Outcome& outcome,
                        bool is_renewable);

  net::EventLoop& loop_;
  NameCache<Value> cache_;
  NameCache<bool> renewed_;  // The names whose cached answers were renewed a short time ago.
  std::map<std::string, std::unique_ptr<Question>> questions_;
};

template <typename Value>
class NameLookups<Value>::Question {
 private:
  friend class NameLookups;
  Question(NameLookups& lookups, std::string name) : lookups_(lookups), name_(std::move(name)) {}

  NameLookups& lookups_;
  const std::string name_;
  std::vector<std::shared_ptr<Lookup>> waiting_;
  std::optional<Value> partial_;
  std::optional<Outcome>* early_ = nullptr;  // For an answer from inside `ask`.
};

template <typename Value>
template <typename Ask>
std::unique_ptr<Resolver::Query> NameLookups<Value>::Find(const std::string& name,
                                                          Resolver::Cached cached,
                                                          Callback callback, Ask ask) {
  const bool renews = cached == Resolver::Cached::kRenew;
  const auto under_way = questions_.find(name);
  const bool is_asking = under_way != questions_.end();
  if (is_asking && under_way->second->partial_ && !renews) {
    return Return(*under_way->second->partial_, /*is_renewable=*/true, std::move(callback));
  }
  if (const Value* const known = cache_.Find(name, net::EventLoop::Now())) {
    // The old value stays in the cache, because DNS may not answer.
    const bool asks = renews && (is_asking || AcquireRenewal(name));
    if (!asks) return Return(*known, /*is_renewable=*/true, std::move(callback));
  }
  auto lookup = std::make_shared<Lookup>(std::move(callback));
  auto handle = std::make_unique<Handle>(lookup);
  if (is_asking) {
    under_way->second->waiting_.push_back(std::move(lookup));
    return handle;
  }
  auto& place = questions_[name];
  place.reset(new Question(*this, name));
  Question* const question = place.get();
  std::optional<Outcome> early;
  question->early_ = &early;
  ask(question);
  if (early) {
    handle->AnswerLater(loop_, *std::move(early));
  } else {
    question->early_ = nullptr;
    question->waiting_.push_back(std::move(lookup));
  }
  return handle;
}

/// Returns false if the answer of this name was renewed less than kRenewInterval ago.
template <typename Value>
bool NameLookups<Value>::AcquireRenewal(const std::string& name) {
  const auto now = net::EventLoop::Now();
  if (renewed_.Find(name, now) != nullptr) return false;
  renewed_.Put(name, true, std::chrono::ceil<std::chrono::seconds>(Resolver::kRenewInterval), now);
  return true;
}

template <typename Value>
std::unique_ptr<Resolver::Query> NameLookups<Value>::Return(Value value, bool is_renewable,
                                                            Callback callback) {
  auto lookup = std::make_shared<Lookup>(std::move(callback));
  lookup->is_renewable = is_renewable;
  auto handle = std::make_unique<Handle>(std::move(lookup));
  handle->AnswerLater(loop_, std::move(value));
  return handle;
}

template <typename Value>
void NameLookups<Value>::AnswerAll(std::vector<std::shared_ptr<Lookup>> lookups,
                                   const Outcome& outcome, bool is_renewable) {
  for (const auto& lookup : lookups) {
    lookup->is_renewable = is_renewable;
    // The callback of a cancelled lookup is empty.
    if (const auto callback = std::exchange(lookup->callback, nullptr)) callback(outcome);
  }
}

template <typename Value>
void NameLookups<Value>::Answer(Question* question, Outcome outcome,
                                std::chrono::seconds lifetime) {
  NameLookups& lookups = question->lookups_;
  // A lookup that a callback starts is a new question.
  const auto owner = std::move(lookups.questions_.extract(question->name_).mapped());
  if (outcome) lookups.cache_.Put(question->name_, *outcome, lifetime, net::EventLoop::Now());
  if (question->early_ != nullptr) {
    question->early_->emplace(std::move(outcome));
    return;
  }
  AnswerAll(std::move(question->waiting_), outcome, /*is_renewable=*/false);
}

template <typename Value>
void NameLookups<Value>::AnswerInPart(const std::string& name, const Value& value) {
  const auto found = questions_.find(name);
  if (found == questions_.end() || found->second->partial_) return;
  found->second->partial_ = value;
  AnswerAll(std::exchange(found->second->waiting_, {}), value, /*is_renewable=*/true);
}

}  // namespace sluice::dns
