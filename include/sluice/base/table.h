// The objects that a worker owns: a vector in which each object knows its index, so that an object
// is removed in constant time.
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace sluice::base {

/// The base of objects in a Table.
class TableEntry {
 protected:
  ~TableEntry() = default;

 private:
  template <typename T>
  friend class Table;
  size_t table_place_ = 0;
};

template <typename T>
class Table {
 public:
  T& Add(std::unique_ptr<T> object) {
    Place(*object) = objects_.size();
    objects_.push_back(std::move(object));
    return *objects_.back();
  }

  /// Removes an object of the table, and returns it.
  std::unique_ptr<T> Take(T& object) {
    const size_t place = Place(object);
    std::unique_ptr<T> taken = std::exchange(objects_[place], std::move(objects_.back()));
    objects_.pop_back();
    if (place < objects_.size()) Place(*objects_[place]) = place;
    return taken;
  }

  size_t size() const { return objects_.size(); }
  bool empty() const { return objects_.empty(); }

  /// Calls `function` for every object that is in the table now. `function` may remove any of them,
  /// if the removed objects are destroyed later.
  template <typename Function>
  void ForEach(Function function) const {
    std::vector<T*> now;
    now.reserve(objects_.size());
    for (const auto& object : objects_) now.push_back(object.get());
    for (T* object : now) function(*object);
  }

 private:
  static size_t& Place(T& object) { return static_cast<TableEntry&>(object).table_place_; }

  std::vector<std::unique_ptr<T>> objects_;
};

}  // namespace sluice::base
