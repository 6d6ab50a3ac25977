// A value or an error, with the names of C++23's std::expected, which Debian 12's compiler lacks in
// C++20 mode. No exception crosses a callback of libevent, so a function that can fail returns one.
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace sluice::base {

/// Marks the error when a function returns one: `return Unexpected(error);`.
template <typename E>
class [[nodiscard]] Unexpected {
 public:
  explicit Unexpected(E error) : error_(std::move(error)) {}
  E& error() & { return error_; }
  E&& error() && { return std::move(error_); }

 private:
  E error_;
};

/// Either a `T` or an `E`. Reading the absent one is a broken invariant: it throws, and the program
/// ends because nothing catches the exception.
template <typename T, typename E>
class [[nodiscard]] Result {
 public:
  // Implicit on purpose, as in std::expected.
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  template <typename F>
  Result(Unexpected<F> error) : state_(std::in_place_index<1>, std::move(error).error()) {}

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  T& value() & { return std::get<0>(state_); }
  const T& value() const& { return std::get<0>(state_); }
  T&& value() && { return std::get<0>(std::move(state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  E& error() & { return std::get<1>(state_); }
  const E& error() const& { return std::get<1>(state_); }
  E&& error() && { return std::get<1>(std::move(state_)); }

 private:
  std::variant<T, E> state_;
};

/// Success without a value, or an `E`.
template <typename E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  template <typename F>
  Result(Unexpected<F> error) : error_(std::move(error).error()) {}

  bool has_value() const { return !error_.has_value(); }
  explicit operator bool() const { return has_value(); }
  E& error() & { return error_.value(); }
  const E& error() const& { return error_.value(); }
  E&& error() && { return std::move(error_).value(); }

 private:
  std::optional<E> error_;
};

}  // namespace sluice::base
