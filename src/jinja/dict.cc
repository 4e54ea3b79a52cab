// Dict: entries in insertion order, found by scanning while few, by an open hash index of entry numbers when many.
#include <cassert>

#include "jinja/cells.h"
#include "jinja/value.h"

namespace stir::jinja {

namespace {
constexpr size_t kScan = 8;  // up to here a scan over hashes beats an index
}  // namespace

Dict::Dict() = default;

Dict::~Dict() {
  std::vector<Value> values;
  for (auto& [key, value] : entries_) {
    if (value.type() >= Type::kList) values.push_back(std::move(value));
  }
  DestroyDeeply(std::move(values));
}

template <typename Same>
ptrdiff_t Dict::FindHash(size_t hash, const Same& same) const {
  if (slots_.empty()) {
    for (size_t i = 0; i < hashes_.size(); ++i) {
      if (hashes_[i] == hash && same(entries_[i].first)) return static_cast<ptrdiff_t>(i);
    }
    return -1;
  }
  const size_t mask = slots_.size() - 1;
  for (size_t at = Start(hash);; at = (at + 1) & mask) {
    if (slots_[at] == 0) return -1;
    const size_t i = slots_[at] - 1;
    if (hashes_[i] == hash && same(entries_[i].first)) return static_cast<ptrdiff_t>(i);
  }
}

ptrdiff_t Dict::FindText(std::string_view key, size_t hash) const {
  return FindHash(hash, [&](const Value& other) { return other.IsString() && Cells::Of(other).text == key; });
}

ptrdiff_t Dict::FindKey(const Value& key, size_t hash) const {
  if (key.IsString()) return FindText(Cells::Of(key).text, hash);
  return FindHash(hash, [&](const Value& other) { return other.Equals(key); });
}

// Python's identity hash of integers would put runs of keys side by side: spread them.
size_t Dict::Start(size_t hash) const { return (hash * 0x9E3779B97F4A7C15ULL >> 32) & (slots_.size() - 1); }

void Dict::Insert(size_t entry) {
  const size_t mask = slots_.size() - 1;
  size_t at = Start(hashes_[entry]);
  while (slots_[at] != 0) at = (at + 1) & mask;
  slots_[at] = static_cast<uint32_t>(entry + 1);
}

void Dict::Index() {
  slots_.clear();
  if (entries_.size() <= kScan) return;
  size_t size = 32;
  while (size < entries_.size() * 2) size *= 2;
  slots_.assign(size, 0);
  for (size_t i = 0; i < entries_.size(); ++i) Insert(i);
}

void Dict::Append(Value key, size_t hash, Value value) {
  entries_.emplace_back(std::move(key), std::move(value));
  hashes_.push_back(hash);
  if (entries_.size() > kScan && entries_.size() * 2 > slots_.size()) {
    Index();
  } else if (!slots_.empty()) {
    Insert(entries_.size() - 1);
  }
}

const Value* Dict::Find(const Value& key) const {
  const ptrdiff_t at = FindKey(key, key.Hash());
  return at < 0 ? nullptr : &entries_[static_cast<size_t>(at)].second;
}

const Value* Dict::Find(std::string_view key) const { return Find(key, HashOf(key)); }

const Value* Dict::Find(std::string_view key, size_t hash) const {
  const ptrdiff_t at = FindText(key, hash);
  return at < 0 ? nullptr : &entries_[static_cast<size_t>(at)].second;
}

void Dict::Set(Value key, Value value) {
  const size_t hash = key.Hash();
  const ptrdiff_t at = FindKey(key, hash);
  if (at >= 0) {
    entries_[static_cast<size_t>(at)].second = std::move(value);
    return;
  }
  Append(std::move(key), hash, std::move(value));
}

void Dict::Set(std::string_view key, Value value) {
  const size_t hash = HashOf(key);
  const ptrdiff_t at = FindText(key, hash);
  if (at >= 0) {
    entries_[static_cast<size_t>(at)].second = std::move(value);
    return;
  }
  Append(Value::String(std::string(key)), hash, std::move(value));
}

bool Dict::Erase(const Value& key) {
  const ptrdiff_t at = FindKey(key, key.Hash());
  if (at < 0) return false;
  entries_.erase(entries_.begin() + at);
  hashes_.erase(hashes_.begin() + at);
  Index();
  return true;
}

void Dict::Clear() {
  entries_.clear();
  hashes_.clear();
  slots_.clear();
}

}  // namespace stir::jinja
