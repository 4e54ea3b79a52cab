// The values that templates compute with: Python's, as far as a text template can see them. A Value is a small tagged
// handle; strings, lists, dicts and objects are shared by reference, as in Python. Reference counts are atomic:
// immutable values (strings, tuples, objects that say so) may be shared between threads; lists and dicts belong to one
// render.
#pragma once

#include <ext/atomicity.h>

#include <array>
#include <cassert>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace stir::jinja {

class Object;
class Dict;
class CallContext;
class Value;

// Intrusive reference count; T derives from RefCounted.
class RefCounted {
 public:
  RefCounted() = default;
  RefCounted(const RefCounted&) = delete;
  RefCounted& operator=(const RefCounted&) = delete;
  virtual ~RefCounted() = default;
  // Atomic once the process has a second thread, as libstdc++'s shared_ptr counts.
  void Retain() const { __gnu_cxx::__atomic_add_dispatch(&count_, 1); }
  bool IsShared() const { return __atomic_load_n(&count_, __ATOMIC_ACQUIRE) > 1; }
  void Release() const {
    if (__gnu_cxx::__exchange_and_add_dispatch(&count_, -1) == 1) delete this;
  }

 private:
  mutable _Atomic_word count_ = 0;
};

template <typename T>
class Ref {
 public:
  Ref() = default;
  explicit Ref(T* pointer) : pointer_(pointer) {
    if (pointer_) pointer_->Retain();
  }
  Ref(const Ref& other) : Ref(other.pointer_) {}
  Ref(Ref&& other) noexcept : pointer_(std::exchange(other.pointer_, nullptr)) {}
  template <typename U>
  requires std::is_convertible_v<U*, T*>
  Ref(const Ref<U>& other) : Ref(other.get()) {}  // NOLINT(google-explicit-constructor)
  Ref& operator=(Ref other) noexcept {
    std::swap(pointer_, other.pointer_);
    return *this;
  }
  ~Ref() {
    if (pointer_) pointer_->Release();
  }
  T* get() const { return pointer_; }
  T* operator->() const { return pointer_; }
  T& operator*() const { return *pointer_; }
  explicit operator bool() const { return pointer_ != nullptr; }

 private:
  T* pointer_ = nullptr;
};

template <typename T, typename... Args>
Ref<T> MakeRef(Args&&... args) {
  return Ref<T>(new T(std::forward<Args>(args)...));
}

struct UndefinedCell;  // cells.h: why a value is undefined

enum class Type : uint8_t { kUndefined, kNone, kBool, kInt, kFloat, kString, kList, kTuple, kDict, kObject };

class Value {
 public:
  Value() noexcept {}  // undefined, without a name; written out, since clang asks before a `= default` is complete
  Value(const Value& other) : type_(other.type_), heap_(other.heap_) {
    if (const RefCounted* cell = Cell()) cell->Retain();
  }
  Value(Value&& other) noexcept
      : type_(std::exchange(other.type_, Type::kUndefined)), heap_(std::exchange(other.heap_, nullptr)) {}
  Value& operator=(Value other) noexcept {
    std::swap(type_, other.type_);
    std::swap(heap_, other.heap_);
    return *this;
  }
  ~Value() {
    if (const RefCounted* cell = Cell()) cell->Release();
  }

  static Value None() { return Value(Type::kNone); }
  static Value Undefined(std::string_view name);  // remembers the name for "'x' is undefined"
  static Value Bool(bool value) {
    Value made(Type::kBool);
    made.boolean_ = value;
    return made;
  }
  static Value Int(int64_t value) {
    Value made(Type::kInt);
    made.integer_ = value;
    return made;
  }
  static Value Float(double value) {
    Value made(Type::kFloat);
    made.real_ = value;
    return made;
  }
  static Value String(std::string value);
  static Value Markup(std::string value);  // text that is safe as HTML already: a string that `escape` leaves alone
  static Value List(std::vector<Value> items = {});
  static Value Tuple(std::vector<Value> items = {});
  static Value MakeDict(std::vector<std::pair<Value, Value>> entries = {});
  static Value FromDict(Ref<Dict> dict);
  static Value FromObject(Ref<Object> object);
  // An object made here: Value::New<RelationObject>(args...).
  template <typename T, typename... Args>
  static Value New(Args&&... args) {
    return FromObject(MakeRef<T>(std::forward<Args>(args)...));
  }

  Type type() const { return type_; }
  bool IsUndefined() const { return type_ == Type::kUndefined; }
  bool IsNone() const { return type_ == Type::kNone; }
  bool IsString() const { return type_ == Type::kString; }
  bool IsDict() const { return type_ == Type::kDict; }
  bool IsSequence() const { return type_ == Type::kList || type_ == Type::kTuple; }

  // Accessors assert the type.
  bool AsBool() const {
    assert(type_ == Type::kBool);
    return boolean_;
  }
  int64_t AsInt() const {
    assert(type_ == Type::kInt);
    return integer_;
  }
  double AsFloat() const {
    assert(type_ == Type::kFloat);
    return real_;
  }
  std::string_view AsString() const;
  const std::vector<Value>& Items() const;   // list or tuple
  std::vector<Value>& MutableItems() const;  // list only (shared: all holders see the change, as in Python)
  Dict& AsDict() const;
  Object* AsObject() const;  // null when it is not an object
  // The object as a T, or null.
  template <typename T>
  T* As() const {
    return dynamic_cast<T*>(AsObject());
  }

  bool Truthy() const;
  // str(x): what {{ x }} prints. Objects may fail.
  Result<std::string> Str() const;
  // repr(x): what a value inside a printed list looks like.
  Result<std::string> Repr() const;
  std::string_view TypeName() const;  // Python's: "str", "int", "NoneType", "list", ...
  std::optional<size_t> Length() const;
  // Python's ==; never fails (values of different types are unequal, 1 == 1.0 == True).
  bool Equals(const Value& other) const;
  // Identity of the heap value, for `is sameas` and cycle guards.
  const void* Identity() const;
  // "'x' is undefined", "'dict object' has no attribute 'y'", ...; for undefined values.
  std::string UndefinedMessage() const;
  size_t Hash() const;  // for hashable values; equal values hash equally

 private:
  friend struct Cells;  // cells.h: the engine's way to the heap cells
  explicit Value(Type type) : type_(type) {}
  Value(Type type, const RefCounted* heap) : type_(type), heap_(heap) {
    if (heap_) heap_->Retain();
  }
  // What the value points at; null for values without a cell.
  const RefCounted* Cell() const { return type_ == Type::kUndefined || type_ >= Type::kString ? heap_ : nullptr; }

  Type type_ = Type::kUndefined;
  union {
    bool boolean_;
    int64_t integer_;
    double real_;
    const RefCounted* heap_ = nullptr;
  };
};

// Python's dict: insertion order, keys by Python equality. Not thread safe.
class Dict : public RefCounted {
 public:
  Dict();
  ~Dict() override;
  size_t size() const { return entries_.size(); }
  const Value* Find(const Value& key) const;
  const Value* Find(std::string_view key) const;
  const Value* Find(std::string_view key, size_t hash) const;  // hash: HashOf(key)
  static size_t HashOf(std::string_view key) { return std::hash<std::string_view>()(key); }
  void Set(Value key, Value value);  // keeps the place of an existing key
  void Set(std::string_view key, Value value);
  bool Erase(const Value& key);
  void Clear();
  // In insertion order; invalidated by changes.
  std::span<const std::pair<Value, Value>> entries() const { return entries_; }

 private:
  template <typename Same>
  ptrdiff_t FindHash(size_t hash, const Same& same) const;
  ptrdiff_t FindKey(const Value& key, size_t hash) const;
  ptrdiff_t FindText(std::string_view key, size_t hash) const;
  size_t Start(size_t hash) const;
  void Insert(size_t entry);
  void Index();
  void Append(Value key, size_t hash, Value value);

  std::vector<std::pair<Value, Value>> entries_;
  std::vector<size_t> hashes_;   // of entries_[i].first
  std::vector<uint32_t> slots_;  // entry number + 1, 0 = free; empty while scanning, else a power of two in size
};

// Keyword arguments in call order.
struct KeywordArgument {
  std::string_view name;
  Value value;
};

struct Arguments {
  std::span<const Value> positional;
  std::span<const KeywordArgument> keywords;
};

// Pulls values one by one; nullopt at the end. Fails as the iterated object fails.
class Iterator {
 public:
  virtual ~Iterator() = default;
  virtual Result<std::optional<Value>> Next() = 0;
};

enum class BinaryOp : uint8_t {
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kFloorDivide,
  kModulo,
  kPower,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual
};

// A host object. Attributes that Python's functions look for are asked by the same names: `__abs__`, `__round__`,
// `__int__`,
// `__float__`, `__reversed__` (callables), and `strftime` for formatting. Defaults refuse with Python's words ("'X'
// object is not callable"). Methods that return an optional say "I do not have that" with nullopt; the engine then
// makes an undefined or an error, as Jinja2 does.
class Object : public RefCounted {
 public:
  virtual std::string_view TypeName() const = 0;
  virtual Result<std::optional<Value>> GetAttribute(CallContext& context, std::string_view name);
  virtual Result<std::optional<Value>> GetItem(CallContext& context, const Value& key);
  virtual Result<void> SetItem(CallContext& context, const Value& key, Value value);
  virtual bool IsCallable() const { return false; }
  virtual Result<Value> Call(CallContext& context, const Arguments& arguments);
  virtual bool IsIterable() const { return false; }
  virtual bool IsMapping() const { return false; }
  virtual bool IsIndexable() const { return Length().has_value(); }  // has items by number or key, for `is sequence`
  virtual Result<std::unique_ptr<Iterator>> Iterate();
  virtual std::optional<size_t> Length() const { return std::nullopt; }
  // `item in self`; nullopt: its items are asked one after another, as far as it has any.
  virtual std::optional<bool> Contains(const Value& item);
  virtual bool Truthy() const;
  virtual Result<std::string> Str() const;   // default: Repr
  virtual Result<std::string> Repr() const;  // default: <TypeName object>
  virtual bool Equals(const Value& other) const;
  virtual size_t Hash() const;
  // self <op> other, or other <op> self when `reflected`; nullopt: not supported.
  virtual Result<std::optional<Value>> Binary(BinaryOp op, const Value& other, bool reflected) const;
  virtual bool IsNumber() const { return false; }  // Decimal, for `is number`
};

using Function = std::function<Result<Value>(CallContext&, const Arguments&)>;
// A callable from a function; `name` appears in errors.
Value MakeFunction(std::string name, Function function);

// Python's set (unique items, in the order they came, but equal in any order). Items must be hashable.
Result<Value> MakeSet(std::span<const Value> items);
// A one-shot iterable, as Python's generators and `zip`: `type_name` is what its type is called.
Value MakeIterable(std::unique_ptr<Iterator> iterator, std::string type_name = "generator");

// When `key` is a slice (x[1:], as GetItem gets it), the indices that it takes from a sequence of `length` items.
std::optional<std::vector<size_t>> SliceIndices(const Value& key, size_t length);

// Reads a callee's arguments by position or keyword, as a Python signature would, with Python's TypeError texts:
//   ArgumentReader args("env_var", arguments);
//   STIR_ASSIGN(Value name, args.Required("var"));  Value fallback = args.Optional("default", Value::None());
//   STIR_TRY(args.Finish());
// The texts given to it have to outlive it.
class ArgumentReader {
 public:
  ArgumentReader(std::string_view callee, const Arguments& arguments) : callee_(callee), arguments_(arguments) {}
  Result<Value> Required(std::string_view name);
  Value Optional(std::string_view name, Value fallback = Value::None());
  bool Has(std::string_view name) const;        // the keyword was given
  std::span<const Value> RestPositional();      // *args; what is read after it is by keyword only
  std::vector<KeywordArgument> RestKeywords();  // **kwargs
  Status Finish();                              // unexpected arguments are an error

 private:
  const KeywordArgument* Keyword(std::string_view name) const;
  // Where `name` stands among what was asked for so far; the number of those when it does not.
  size_t PlaceOf(std::string_view name) const;
  void See(std::string_view name);

  std::string_view callee_;
  Arguments arguments_;
  size_t next_ = 0;
  std::array<std::string_view, 8> seen_;  // names asked for; those that do not fit are in `more_seen_`
  std::vector<std::string_view> more_seen_;
  size_t seen_count_ = 0;
  bool rest_positional_ = false, rest_keywords_ = false;
};

}  // namespace stir::jinja
