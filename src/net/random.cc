#include "sluice/net/random.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include <sys/random.h>

namespace sluice::net {

void RandomBytes::Fill(base::MutableBytes out) {
  while (!out.empty()) {
    if (left_ == 0) {
      // The kernel returns so few bytes in one uninterrupted call once its generator is seeded, and
      // every supported kernel has the call (getrandom(2)).
      ssize_t got = 0;
      do {
        got = getrandom(pool_.data(), pool_.size(), 0);
      } while (got < 0 && errno == EINTR);
      if (got != static_cast<ssize_t>(pool_.size())) std::abort();
      left_ = pool_.size();
    }
    const size_t size = std::min(left_, out.size());
    const auto from = pool_.end() - static_cast<ptrdiff_t>(left_);
    std::copy_n(from, size, out.begin());
    left_ -= size;
    out = out.subspan(size);
  }
}

}  // namespace sluice::net
