// A pack is the length of its texts, the texts, then everything else. What several nodes share is written once, where
// it first comes, and is shared again when it is read.
#include "project/pack.h"

#include <functional>

namespace stir::project {

using jinja::Type;
using jinja::Value;

namespace {

constexpr size_t kShortest = 16;              // shorter texts are written where they stand
constexpr size_t kLongest = size_t{4} << 20;  // longer texts are not compared with earlier ones

// A dict or list may be written inline or be known already; other values are too small to share.
bool IsShared(Type type) { return type == Type::kDict || type == Type::kList || type == Type::kTuple; }

}  // namespace

void PackedSources::Add(SourceId source, std::string_view text) {
  if (places_.size() <= source.value) places_.resize(source.value + 1);
  if (source) places_[source.value] = static_cast<uint32_t>(sources_.size());
  sources_.push_back({source, text});
}

void Packer::Put(std::string_view text) {
  Put(static_cast<uint32_t>(text.size()));
  if (only_shape_ || text.size() < kShortest) {  // a shape is only hashed
    if (!text.empty()) std::memcpy(Room(text.size()), text.data(), text.size());
    return;
  }
  const auto place = static_cast<uint32_t>(texts_.size());
  if (text.size() <= kLongest) {
    const auto [known, fresh] = text_places_.emplace(text, place);
    Put(known->second);
    if (!fresh) return;
  } else {
    Put(place);
  }
  texts_ += text;
}

void Packer::PutFrom(SourceId source, std::string_view text) {
  const uint32_t place = sources_.PlaceOf(source);
  const std::string_view whole = sources_.TextAt(place);
  const std::less_equal<const char*> before;
  const bool inside = place != 0 && !text.empty() && before(whole.data(), text.data()) &&
                      before(text.data() + text.size(), whole.data() + whole.size());
  if (!inside) return (*this)(uint32_t{0}, text);
  (*this)(place, static_cast<uint32_t>(text.data() - whole.data()), static_cast<uint32_t>(text.size()));
}

void Packer::Put(const Span& span) {
  if (!only_shape_) (*this)(sources_.PlaceOf(span.source), span.begin, span.end);
}

bool Packer::First(std::unordered_map<const void*, uint32_t>& known, const void* what) {
  if (only_shape_) return true;
  const auto [place, fresh] = known.emplace(what, static_cast<uint32_t>(known.size()));
  Put(place->second);
  return fresh;
}

void Packer::Put(const Value& value) {
  Put(value.type());
  if (IsShared(value.type())) {
    if (!First(values_, value.Identity())) return;
    if (!only_shape_) kept_.push_back(value);
  }
  switch (value.type()) {
    case Type::kUndefined:
    case Type::kNone:
      return;
    case Type::kBool:
      return Put(value.AsBool());
    case Type::kInt:
      return Put(value.AsInt());
    case Type::kFloat:
      return Put(value.AsFloat());
    case Type::kString:
      return Put(value.AsString());
    case Type::kList:
    case Type::kTuple:
      return Put(value.Items());
    case Type::kDict: {
      const auto entries = value.AsDict().entries();
      Put(static_cast<uint32_t>(entries.size()));
      for (const auto& entry : entries) Put(entry);
      return;
    }
    default:
      failed_ = true;
  }
}

std::string Packer::Take() const {
  std::string whole;
  const auto size = static_cast<uint64_t>(texts_.size());
  whole.reserve(sizeof(size) + texts_.size() + bytes_.size());
  whole.append(reinterpret_cast<const char*>(&size), sizeof(size));
  whole += texts_;
  whole.append(bytes_.data(), bytes_.size());
  return whole;
}

Unpacker::Unpacker(std::string_view pack, const PackedSources& sources) : sources_(sources), bytes_(pack) {
  const auto size = Read<uint64_t>();
  if (size > bytes_.size()) {
    failed_ = true;
    bytes_ = {};
    return;
  }
  texts_ = bytes_.substr(0, size);
  bytes_.remove_prefix(size);
}

uint32_t Unpacker::Count() {
  const auto count = Read<uint32_t>();
  if (count > bytes_.size()) failed_ = true;
  return failed_ ? 0 : count;
}

void Unpacker::Get(std::string_view& text) {
  text = {};
  const auto size = Read<uint32_t>();
  if (size < kShortest) {
    failed_ = failed_ || size > bytes_.size();
    text = bytes_.substr(0, size);
    bytes_.remove_prefix(text.size());
    return;
  }
  const auto place = Read<uint32_t>();
  if (place > texts_.size() || size > texts_.size() - place) {
    failed_ = true;
  } else {
    text = texts_.substr(place, size);
  }
}

void Unpacker::Get(std::string& text) {
  std::string_view view;
  Get(view);
  text = view;
}

std::string_view Unpacker::GetFrom() {
  const auto place = Read<uint32_t>();
  std::string_view text;
  if (place == 0) {
    Get(text);
    return text;
  }
  const auto begin = Read<uint32_t>();
  const auto size = Read<uint32_t>();
  const std::string_view whole = sources_.TextAt(place);
  if (begin > whole.size() || size > whole.size() - begin) {
    failed_ = true;
    return {};
  }
  return whole.substr(begin, size);
}

void Unpacker::Get(Span& span) {
  const auto place = Read<uint32_t>();
  (*this)(span.begin, span.end);
  span.source = sources_.At(place);
}

void Unpacker::Get(Value& value) {
  const auto type = Read<Type>();
  if (!IsShared(type)) {
    value = ReadValue(type);
    return;
  }
  const auto place = Read<uint32_t>();
  if (place < values_.size()) {
    value = values_[place];
    return;
  }
  values_.emplace_back();
  value = ReadValue(type);
  if (place < values_.size()) values_[place] = value;
}

Value Unpacker::ReadValue(Type type) {
  switch (type) {
    case Type::kUndefined:
      return {};
    case Type::kNone:
      return Value::None();
    case Type::kBool:
      return Value::Bool(Read<bool>());
    case Type::kInt:
      return Value::Int(Read<int64_t>());
    case Type::kFloat:
      return Value::Float(Read<double>());
    case Type::kString: {
      std::string text;
      Get(text);
      return Value::String(std::move(text));
    }
    case Type::kList:
    case Type::kTuple: {
      std::vector<Value> items;
      Get(items);
      return type == Type::kList ? Value::List(std::move(items)) : Value::Tuple(std::move(items));
    }
    case Type::kDict: {
      std::vector<std::pair<Value, Value>> entries;
      Get(entries);
      return Value::MakeDict(std::move(entries));
    }
    default:
      failed_ = true;
      return {};
  }
}

}  // namespace stir::project
