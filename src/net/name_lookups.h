// Between those who want to know what a name stands for and the one who asks DNS: what is known is
// told at once, and what is being asked is not asked again.
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
#include "sluice/net/event_loop.h"
#include "sluice/net/resolver.h"

#include "net/name_cache.h"

namespace sluice::net {

/// Of one kind of record. Belongs to the loop's thread; outlives its queries' handles.
template <typename Value>
class NameLookups {
 public:
  using Outcome = base::Result<Value, std::string>;
  using Callback = std::function<void(Outcome)>;

  /// Something that is being asked.
  class Question;

  NameLookups(EventLoop& loop, base::Duration max_lifetime) : loop_(loop), cache_(max_lifetime) {}

  /// `ask` is called with a question whose answer is not known and not under way: then Answer is
  /// to be called with it, once, from inside `ask` or later.
  template <typename Ask>
  std::unique_ptr<Resolver::Query> Find(const std::string& name, Callback callback, Ask ask);

  /// For what needs nobody to ask.
  std::unique_ptr<Resolver::Query> Tell(Value value, Callback callback);

  /// A failure is not kept, nor is what has no lifetime.
  static void Answer(Question* question, Outcome outcome, std::chrono::seconds lifetime);

 private:
  struct Lookup {
    explicit Lookup(Callback told) : callback(std::move(told)) {}
    Callback callback;  // Empty once cancelled or answered.
  };

  class Handle final : public Resolver::Query, private EventLoop::Task {
   public:
    explicit Handle(std::shared_ptr<Lookup> lookup) : lookup_(std::move(lookup)) {}
    ~Handle() override { lookup_->callback = nullptr; }

    /// In the next turn, as promised.
    void AnswerLater(EventLoop& loop, Outcome outcome) {
      outcome_.emplace(std::move(outcome));
      loop.RunNextTurn(*this);
    }

   private:
    void RunTask() override {
      // The callback may destroy this handle.
      const auto callback = std::exchange(lookup_->callback, nullptr);
      callback(*std::move(outcome_));
    }

    const std::shared_ptr<Lookup> lookup_;
    std::optional<Outcome> outcome_;
  };

  EventLoop& loop_;
  NameCache<Value> cache_;
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
  std::optional<Outcome>* early_ = nullptr;  // For an answer from inside `ask`.
};

template <typename Value>
template <typename Ask>
std::unique_ptr<Resolver::Query> NameLookups<Value>::Find(const std::string& name,
                                                          Callback callback, Ask ask) {
  if (const Value* const known = cache_.Find(name, EventLoop::Now())) {
    return Tell(*known, std::move(callback));
  }
  auto lookup = std::make_shared<Lookup>(std::move(callback));
  auto handle = std::make_unique<Handle>(lookup);
  auto& place = questions_[name];
  if (place) {
    place->waiting_.push_back(std::move(lookup));
    return handle;
  }
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

template <typename Value>
std::unique_ptr<Resolver::Query> NameLookups<Value>::Tell(Value value, Callback callback) {
  auto handle = std::make_unique<Handle>(std::make_shared<Lookup>(std::move(callback)));
  handle->AnswerLater(loop_, std::move(value));
  return handle;
}

template <typename Value>
void NameLookups<Value>::Answer(Question* question, Outcome outcome,
                                std::chrono::seconds lifetime) {
  NameLookups& lookups = question->lookups_;
  // What its callbacks ask is a new question.
  const auto owner = std::move(lookups.questions_.extract(question->name_).mapped());
  if (outcome) lookups.cache_.Put(question->name_, *outcome, lifetime, EventLoop::Now());
  if (question->early_ != nullptr) {
    question->early_->emplace(std::move(outcome));
    return;
  }
  for (const auto& lookup : question->waiting_) {
    // Cancelled handles have taken their callback with them.
    if (const auto callback = std::exchange(lookup->callback, nullptr)) callback(outcome);
  }
}

}  // namespace sluice::net
