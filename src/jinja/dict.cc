// Dict: entries in insertion order, found by scanning while few, by an open hash index of entry numbers when many.
#include <cassert>

#include "jinja/cells.h"
#include "jinja/value.h"

namespace stir::jinja {

struct Dict::Impl {
  static constexpr size_t kScan = 8;  // up to here a scan over hashes beats an index

  std::vector<std::pair<Value, Value>> entries;
  std::vector<size_t> hashes;   // of entries[i].first
  std::vector<uint32_t> slots;  // entry number + 1, 0 = free; empty while scanning, else a power of two in size

  template <typename Same>
  ptrdiff_t Find(size_t hash, const Same& same) const {
    if (slots.empty()) {
      for (size_t i = 0; i < hashes.size(); ++i) {
        if (hashes[i] == hash && same(entries[i].first)) return static_cast<ptrdiff_t>(i);
      }
      return -1;
    }
    size_t mask = slots.size() - 1;
    for (size_t at = Start(hash);; at = (at + 1) & mask) {
      if (slots[at] == 0) return -1;
      size_t i = slots[at] - 1;
      if (hashes[i] == hash && same(entries[i].first)) return static_cast<ptrdiff_t>(i);
    }
  }

  // Python's identity hash of integers would put runs of keys side by side: spread them.
  size_t Start(size_t hash) const { return (hash * 0x9E3779B97F4A7C15ULL >> 32) & (slots.size() - 1); }

  void Insert(size_t entry) {
    size_t mask = slots.size() - 1, at = Start(hashes[entry]);
    while (slots[at] != 0) at = (at + 1) & mask;
    slots[at] = static_cast<uint32_t>(entry + 1);
  }

  void Index() {
    slots.clear();
    if (entries.size() <= kScan) return;
    size_t size = 32;
    while (size < entries.size() * 2) size *= 2;
    slots.assign(size, 0);
    for (size_t i = 0; i < entries.size(); ++i) Insert(i);
  }

  void Append(Value key, size_t hash, Value value) {
    entries.emplace_back(std::move(key), std::move(value));
    hashes.push_back(hash);
    if (entries.size() > kScan && entries.size() * 2 > slots.size()) {
      Index();
    } else if (!slots.empty()) {
      Insert(entries.size() - 1);
    }
  }

  ptrdiff_t Find(const Value& key) const {
    return Find(key.Hash(), [&](const Value& other) { return other.Equals(key); });
  }
  ptrdiff_t Find(std::string_view key) const {
    return Find(std::hash<std::string_view>()(key),
                [&](const Value& other) { return other.IsString() && other.AsString() == key; });
  }
};

Dict::Dict() : impl_(std::make_unique<Impl>()) {}
Dict::~Dict() = default;

size_t Dict::size() const { return impl_->entries.size(); }

const Value* Dict::Find(const Value& key) const {
  ptrdiff_t at = impl_->Find(key);
  return at < 0 ? nullptr : &impl_->entries[static_cast<size_t>(at)].second;
}

const Value* Dict::Find(std::string_view key) const {
  ptrdiff_t at = impl_->Find(key);
  return at < 0 ? nullptr : &impl_->entries[static_cast<size_t>(at)].second;
}

void Dict::Set(Value key, Value value) {
  ptrdiff_t at = impl_->Find(key);
  if (at >= 0) {
    impl_->entries[static_cast<size_t>(at)].second = std::move(value);
    return;
  }
  size_t hash = key.Hash();
  impl_->Append(std::move(key), hash, std::move(value));
}

void Dict::Set(std::string_view key, Value value) {
  ptrdiff_t at = impl_->Find(key);
  if (at >= 0) {
    impl_->entries[static_cast<size_t>(at)].second = std::move(value);
    return;
  }
  impl_->Append(Value::String(std::string(key)), std::hash<std::string_view>()(key), std::move(value));
}

bool Dict::Erase(const Value& key) {
  ptrdiff_t at = impl_->Find(key);
  if (at < 0) return false;
  impl_->entries.erase(impl_->entries.begin() + at);
  impl_->hashes.erase(impl_->hashes.begin() + at);
  impl_->Index();
  return true;
}

void Dict::Clear() {
  impl_->entries.clear();
  impl_->hashes.clear();
  impl_->slots.clear();
}

std::span<const std::pair<Value, Value>> Dict::entries() const { return impl_->entries; }

}  // namespace stir::jinja
