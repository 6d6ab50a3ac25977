// A deleter for the objects of C libraries.
#pragma once

namespace sluice::base {

/// Calls `free`: `std::unique_ptr<X509, FreeWith<X509_free>>` is as large as a pointer.
template <auto free>
struct FreeWith {
  template <typename T>
  void operator()(T* object) const {
    free(object);
  }
};

}  // namespace sluice::base
