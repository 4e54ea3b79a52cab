// Runs a function over indexes on all cores; the only thread pool that pure phases use.
#pragma once

#include <cstddef>
#include <functional>

namespace stir {

// Calls body(i) for each i in [0, count) on up to `threads` threads (0: as many as cores), in no particular order,
// and returns when all are done. body must not throw.
void ParallelFor(size_t count, const std::function<void(size_t)>& body, unsigned threads = 0);

}  // namespace stir
