// Values to bytes and back, for a cache that only the same binary reads: no names, no versions, native byte order. A
// type is packed by listing its fields once, in a `Fields` function that serves both directions and takes the type
// apart with structured bindings, so that a forgotten field does not compile.
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "jinja/value.h"
#include "project/manifest.h"
#include "project/text_map.h"

namespace stir::project {

// Sources have other numbers in the next start: a pack names them by their place in a list that both starts make alike.
// What is in no list is nowhere.
class PackedSources {
 public:
  void Add(SourceId source, std::string_view text);
  uint32_t PlaceOf(SourceId source) const { return source.value < places_.size() ? places_[source.value] : 0; }
  SourceId At(uint32_t place) const { return place < sources_.size() ? sources_[place].id : SourceId{}; }
  std::string_view TextAt(uint32_t place) const { return place < sources_.size() ? sources_[place].text : ""; }

 private:
  struct Source {
    SourceId id;
    std::string_view text;
  };
  std::vector<uint32_t> places_;              // by the source's number
  std::vector<Source> sources_ = {Source{}};  // by place; 0 is nowhere
};

template <typename T>
concept Plain = std::is_arithmetic_v<T> || std::is_enum_v<T>;

class Packer {
 public:
  // Only the shape: what others may see of a node. Places in sources are left out, too.
  enum class What : uint8_t { kWhole, kShape };

  explicit Packer(const PackedSources& sources, What what = What::kWhole)
      : sources_(sources), only_shape_(what == What::kShape) {}

  template <typename... T>
  void operator()(const T&... fields) {
    (Put(fields), ...);
  }
  template <Plain T>
  void Put(T value) {
    std::memcpy(Room(sizeof(value)), &value, sizeof(value));
  }
  void Put(std::string_view text);
  void Put(const std::string& text) { Put(std::string_view(text)); }
  void Put(const Span& span);
  void Put(const jinja::Value& value);
  void Put(const std::shared_ptr<const Config>& config);
  void Put(const std::shared_ptr<const Columns>& columns);
  template <typename T>
  void Put(const std::vector<T>& items) {
    Put(static_cast<uint32_t>(items.size()));
    for (const T& item : items) Put(item);
  }
  template <typename T>
  void Put(const std::optional<T>& item) {
    Put(item.has_value());
    if (item) Put(*item);
  }
  template <typename T>
  void Put(const std::unique_ptr<T>& item) {
    Put(item != nullptr);
    if (item) Put(*item);
  }
  template <typename T, typename U>
  void Put(const std::pair<T, U>& pair) {
    (*this)(pair.first, pair.second);
  }
  template <typename T>
  requires(std::is_class_v<T>) void Put(const T& value) {
    Fields(*this, const_cast<T&>(value));  // one list of fields for both directions; a Packer changes none
  }
  // A text that stands in a source is packed as its place there.
  void PutFrom(SourceId source, std::string_view text);

  const PackedSources& sources() const { return sources_; }
  bool only_shape() const { return only_shape_; }
  // Something could not be packed: an object of a template.
  bool failed() const { return failed_; }
  std::string Take() const;  // the whole: texts and bytes

 private:
  char* Room(size_t size) {  // in line: most of what is packed is small
    const size_t end = bytes_.size();
    bytes_.resize(end + size);
    return bytes_.data() + end;
  }
  // Notes what is shared; true when it comes for the first time and has to be written.
  bool First(std::unordered_map<const void*, uint32_t>& known, const void* what);

  const PackedSources& sources_;
  const bool only_shape_;
  fmt::memory_buffer bytes_;
  std::string texts_;
  std::unordered_map<std::string_view, uint32_t, TextHash> text_places_;
  std::unordered_map<const void*, uint32_t> values_, configs_, columns_;
  std::vector<jinja::Value> kept_;  // their addresses stay their own
  bool failed_ = false;
};

// Reads what a Packer of this binary wrote. Texts are views into `pack`. Bytes that end too early give empty values and
// `failed()`.
class Unpacker {
 public:
  Unpacker(std::string_view pack, const PackedSources& sources);

  template <typename... T>
  void operator()(T&... fields) {
    (Get(fields), ...);
  }
  template <Plain T>
  void Get(T& value) {
    if (bytes_.size() < sizeof(value)) {
      value = T{};
      bytes_ = {};
      failed_ = true;
      return;
    }
    std::memcpy(&value, bytes_.data(), sizeof(value));
    bytes_.remove_prefix(sizeof(value));
  }
  void Get(std::string_view& text);
  void Get(std::string& text);
  void Get(Span& span);
  void Get(jinja::Value& value);
  void Get(std::shared_ptr<const Config>& config);
  void Get(std::shared_ptr<const Columns>& columns);
  template <typename T>
  void Get(std::vector<T>& items) {
    items.resize(Count());
    for (T& item : items) Get(item);
  }
  template <typename T>
  void Get(std::optional<T>& item) {
    item.reset();
    if (Read<bool>()) Get(item.emplace());
  }
  template <typename T>
  void Get(std::unique_ptr<T>& item) {
    item.reset();
    if (!Read<bool>()) return;
    item = std::make_unique<T>();
    Get(*item);
  }
  template <typename T, typename U>
  void Get(std::pair<T, U>& pair) {
    (*this)(pair.first, pair.second);
  }
  template <typename T>
  requires(std::is_class_v<T>) void Get(T& value) {
    Fields(*this, value);
  }
  std::string_view GetFrom();  // what PutFrom wrote

  template <Plain T>
  T Read() {
    T value{};
    Get(value);
    return value;
  }
  uint32_t Count();  // the length of a list; never more than there are bytes
  const PackedSources& sources() const { return sources_; }
  static constexpr bool only_shape() { return false; }
  bool failed() const { return failed_; }
  bool done() const { return bytes_.empty(); }

 private:
  jinja::Value ReadValue(jinja::Type type);

  const PackedSources& sources_;
  std::string_view bytes_, texts_;
  std::vector<jinja::Value> values_;
  std::vector<std::shared_ptr<const Config>> configs_;
  std::vector<std::shared_ptr<const Columns>> columns_;
  bool failed_ = false;
};

}  // namespace stir::project
