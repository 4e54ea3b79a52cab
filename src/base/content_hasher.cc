#include "base/content_hasher.h"

#include <xxhash.h>

namespace stir {

struct ContentHasher::State {
  State() { XXH3_128bits_reset(hash.get()); }
  std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> hash{XXH3_createState(), &XXH3_freeState};
};

ContentHasher::ContentHasher() : state_(std::make_unique<State>()) {}
ContentHasher::~ContentHasher() = default;
void ContentHasher::Add(std::string_view part) { XXH3_128bits_update(state_->hash.get(), part.data(), part.size()); }
Hash128 ContentHasher::Hash() const {
  const XXH128_hash_t hash = XXH3_128bits_digest(state_->hash.get());
  return {hash.high64, hash.low64};
}

}  // namespace stir
