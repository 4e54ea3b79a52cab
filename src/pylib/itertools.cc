// modules.itertools. Results are lists handed out as one-shot iterables; the endless ones stop at a limit that
// templates never reach on purpose.
#include <algorithm>
#include <cstddef>

#include <fmt/format.h>

#include "jinja/template.h"
#include "pylib/class_object.h"
#include "pylib/temporal.h"

namespace stir::pylib {
namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;
using Items = std::vector<Value>;

constexpr size_t kMost = 10'000'000;  // items of a result

class ItemsIterator : public jinja::Iterator {
 public:
  explicit ItemsIterator(Items items) : items_(std::move(items)) {}
  Result<std::optional<Value>> Next() override {
    if (at_ == items_.size()) return std::optional<Value>();
    return std::optional<Value>(std::move(items_[at_++]));
  }

 private:
  Items items_;
  size_t at_ = 0;
};

// count, cycle and repeat without an end.
class EndlessIterator : public jinja::Iterator {
 public:
  explicit EndlessIterator(std::function<Value()> next) : next_(std::move(next)) {}
  Result<std::optional<Value>> Next() override { return std::optional<Value>(next_()); }

 private:
  std::function<Value()> next_;
};

Value Iterable(std::string_view name, Items items) {
  return jinja::MakeIterable(std::make_unique<ItemsIterator>(std::move(items)), fmt::format("itertools.{}", name));
}

Result<Items> Collect(CallContext& context, const Value& iterable) {
  STIR_ASSIGN(auto iterator, context.Iterate(iterable));
  Items items;
  while (true) {
    STIR_ASSIGN(std::optional<Value> item, iterator->Next());
    if (!item) return items;
    if (items.size() == kMost) return ValueError("this iterable does not end");
    items.push_back(std::move(*item));
  }
}

Result<std::vector<Items>> CollectAll(CallContext& context, std::span<const Value> iterables) {
  std::vector<Items> all;
  for (const Value& iterable : iterables) {
    STIR_ASSIGN(Items items, Collect(context, iterable));
    all.push_back(std::move(items));
  }
  return all;
}

Result<size_t> Count(const Value& value, std::string_view name) {
  if (value.type() != jinja::Type::kInt || value.AsInt() < 0)
    return ValueError(fmt::format("`{}` must be a non-negative integer", name));
  return static_cast<size_t>(value.AsInt());
}

Result<Value> Call(CallContext& context, const Value& function, std::initializer_list<Value> arguments) {
  return context.Call(function, Arguments{{arguments.begin(), arguments.size()}, {}});
}

Result<Value> Product(CallContext& context, const Arguments& arguments) {
  ArgumentReader reader("product", arguments);
  STIR_ASSIGN(std::vector<Items> pools, CollectAll(context, reader.RestPositional()));
  STIR_ASSIGN(const size_t repeat, Count(reader.Optional("repeat", Value::Int(1)), "repeat"));
  STIR_TRY(reader.Finish());
  const size_t once = pools.size();
  for (size_t i = 1; i < repeat; ++i) std::copy_n(pools.begin(), once, std::back_inserter(pools));
  if (repeat == 0) pools.clear();
  std::vector<Items> rows = {{}};
  for (const Items& pool : pools) {
    std::vector<Items> longer;
    if (!pool.empty() && rows.size() > kMost / pool.size()) return ValueError("product() would have too many items");
    for (const Items& row : rows) {
      for (const Value& item : pool) {
        longer.push_back(row);
        longer.back().push_back(item);
      }
    }
    rows = std::move(longer);
  }
  Items items;
  for (Items& row : rows) items.push_back(Value::Tuple(std::move(row)));
  return Iterable("product", std::move(items));
}

// Index tuples in lexicographic order: `step(indices)` moves to the next and says whether there is one.
template <typename Step>
Value Choose(std::string_view name, const Items& pool, std::vector<size_t> indices, size_t length, Step step) {
  Items items;
  do {
    Items row;
    for (size_t i = 0; i < length; ++i) row.push_back(pool[indices[i]]);
    items.push_back(Value::Tuple(std::move(row)));
  } while (items.size() < kMost && step(indices));
  return Iterable(name, std::move(items));
}

bool NextCombination(std::vector<size_t>& indices, size_t n, bool with_replacement) {
  const size_t r = indices.size();
  for (size_t i = r; i-- > 0;) {
    const size_t most = with_replacement ? n - 1 : n - r + i;
    if (indices[i] == most) continue;
    ++indices[i];
    for (size_t j = i + 1; j < r; ++j) indices[j] = with_replacement ? indices[i] : indices[j - 1] + 1;
    return true;
  }
  return false;
}

Result<Value> Combinations(CallContext& context, const Arguments& arguments, bool with_replacement) {
  const std::string_view name = with_replacement ? "combinations_with_replacement" : "combinations";
  ArgumentReader reader(name, arguments);
  STIR_ASSIGN(Value iterable, reader.Required("iterable"));
  STIR_ASSIGN(Value length, reader.Required("r"));
  STIR_TRY(reader.Finish());
  STIR_ASSIGN(const Items pool, Collect(context, iterable));
  STIR_ASSIGN(const size_t r, Count(length, "r"));
  const size_t n = pool.size();
  if (with_replacement ? (n == 0 && r > 0) : r > n) return Iterable(name, {});
  std::vector<size_t> indices(r);
  for (size_t i = 0; i < r; ++i) indices[i] = with_replacement ? 0 : i;
  return Choose(name, pool, indices, r,
                [n, with_replacement](std::vector<size_t>& at) { return NextCombination(at, n, with_replacement); });
}

Result<Value> Permutations(CallContext& context, const Arguments& arguments) {
  ArgumentReader reader("permutations", arguments);
  STIR_ASSIGN(Value iterable, reader.Required("iterable"));
  STIR_ASSIGN(const Items pool, Collect(context, iterable));
  STIR_ASSIGN(const size_t r, Count(reader.Optional("r", Value::Int(static_cast<int64_t>(pool.size()))), "r"));
  STIR_TRY(reader.Finish());
  if (r > pool.size()) return Iterable("permutations", {});
  std::vector<size_t> indices(pool.size());
  for (size_t i = 0; i < indices.size(); ++i) indices[i] = i;
  return Choose("permutations", pool, indices, r, [r](std::vector<size_t>& at) {
    std::reverse(at.begin() + static_cast<std::ptrdiff_t>(r),
                 at.end());  // skips orders that differ only behind the first r
    return std::next_permutation(at.begin(), at.end());
  });
}

Result<Value> Chain(CallContext& context, const Arguments& arguments) {
  STIR_ASSIGN(std::vector<Items> all, CollectAll(context, arguments.positional));
  Items items;
  for (Items& each : all) std::ranges::move(each, std::back_inserter(items));
  return Iterable("chain", std::move(items));
}

Result<Value> ChainFromIterable(CallContext& context, const Arguments& arguments) {
  ArgumentReader reader("from_iterable", arguments);
  STIR_ASSIGN(Value iterables, reader.Required("iterable"));
  STIR_TRY(reader.Finish());
  STIR_ASSIGN(const Items each, Collect(context, iterables));
  return Chain(context, Arguments{each, {}});
}

Result<Value> Accumulate(CallContext& context, const Arguments& arguments) {
  ArgumentReader reader("accumulate", arguments);
  STIR_ASSIGN(Value iterable, reader.Required("iterable"));
  const Value function = reader.Optional("func");
  const Value initial = reader.Optional("initial");
  STIR_TRY(reader.Finish());
  STIR_ASSIGN(const Items pool, Collect(context, iterable));
  Items items;
  if (!initial.IsNone()) items.push_back(initial);
  for (const Value& item : pool) {
    if (items.empty()) {
      items.push_back(item);
    } else if (!function.IsNone()) {
      STIR_ASSIGN(Value next, Call(context, function, {items.back(), item}));
      items.push_back(std::move(next));
    } else if (items.back().type() == jinja::Type::kInt && item.type() == jinja::Type::kInt) {
      items.push_back(Value::Int(items.back().AsInt() + item.AsInt()));
    } else if (items.back().type() == jinja::Type::kFloat && item.type() == jinja::Type::kFloat) {
      items.push_back(Value::Float(items.back().AsFloat() + item.AsFloat()));
    } else {
      return TypeError("accumulate() without a function adds numbers of one type");
    }
  }
  return Iterable("accumulate", std::move(items));
}

// dropwhile, takewhile, filterfalse: which items a predicate keeps.
Result<Value> Filter(std::string_view name, CallContext& context, const Arguments& arguments) {
  ArgumentReader reader(name, arguments);
  STIR_ASSIGN(Value predicate, reader.Required("predicate"));
  STIR_ASSIGN(Value iterable, reader.Required("iterable"));
  STIR_TRY(reader.Finish());
  STIR_ASSIGN(Items pool, Collect(context, iterable));
  Items items;
  bool dropping = true;
  for (Value& item : pool) {
    bool holds = item.Truthy();
    if (!predicate.IsNone()) {
      STIR_ASSIGN(Value verdict, Call(context, predicate, {item}));
      holds = verdict.Truthy();
    }
    if (name == "takewhile" && !holds) break;
    dropping = dropping && holds;
    if (name == "takewhile" || (name == "filterfalse" ? !holds : !dropping)) items.push_back(std::move(item));
  }
  return Iterable(name, std::move(items));
}

Result<Value> Compress(CallContext& context, const Arguments& arguments) {
  ArgumentReader reader("compress", arguments);
  STIR_ASSIGN(Value data, reader.Required("data"));
  STIR_ASSIGN(Value selectors, reader.Required("selectors"));
  STIR_ASSIGN(const Items pool, Collect(context, data));
  STIR_ASSIGN(const Items keep, Collect(context, selectors));
  Items items;
  for (size_t i = 0; i < std::min(pool.size(), keep.size()); ++i) {
    if (keep[i].Truthy()) items.push_back(pool[i]);
  }
  return Iterable("compress", std::move(items));
}

Result<Value> Islice(CallContext& context, const Arguments& arguments) {
  ArgumentReader reader("islice", arguments);
  STIR_ASSIGN(Value iterable, reader.Required("iterable"));
  const std::span<const Value> bounds = reader.RestPositional();
  if (bounds.empty() || bounds.size() > 3) return TypeError("islice expected 2 to 4 arguments");
  const Value none = Value::None();
  const Value &start = bounds.size() > 1 ? bounds[0] : none, &stop = bounds.size() > 1 ? bounds[1] : bounds[0];
  const Value& step = bounds.size() > 2 ? bounds[2] : none;
  STIR_ASSIGN(const size_t first, Count(start.IsNone() ? Value::Int(0) : start, "start"));
  STIR_ASSIGN(const size_t last, Count(stop.IsNone() ? Value::Int(static_cast<int64_t>(kMost)) : stop, "stop"));
  STIR_ASSIGN(const size_t stride, Count(step.IsNone() ? Value::Int(1) : step, "step"));
  if (stride == 0) return ValueError("Step for islice() must be a positive integer or None.");
  STIR_ASSIGN(auto iterator, context.Iterate(iterable));
  Items items;
  for (size_t i = 0; i < last; ++i) {
    STIR_ASSIGN(std::optional<Value> item, iterator->Next());
    if (!item) break;
    if (i >= first && (i - first) % stride == 0) items.push_back(std::move(*item));
  }
  return Iterable("islice", std::move(items));
}

Result<Value> Starmap(CallContext& context, const Arguments& arguments) {
  ArgumentReader reader("starmap", arguments);
  STIR_ASSIGN(Value function, reader.Required("function"));
  STIR_ASSIGN(Value iterable, reader.Required("iterable"));
  STIR_ASSIGN(const Items pool, Collect(context, iterable));
  Items items;
  for (const Value& item : pool) {
    STIR_ASSIGN(const Items row, Collect(context, item));
    STIR_ASSIGN(Value result, context.Call(function, Arguments{row, {}}));
    items.push_back(std::move(result));
  }
  return Iterable("starmap", std::move(items));
}

Result<Value> Tee(CallContext& context, const Arguments& arguments) {
  ArgumentReader reader("tee", arguments);
  STIR_ASSIGN(Value iterable, reader.Required("iterable"));
  STIR_ASSIGN(const size_t n, Count(reader.Optional("n", Value::Int(2)), "n"));
  STIR_ASSIGN(const Items pool, Collect(context, iterable));
  Items copies;
  for (size_t i = 0; i < n; ++i) copies.push_back(Iterable("_tee", pool));
  return Value::Tuple(std::move(copies));
}

Result<Value> ZipLongest(CallContext& context, const Arguments& arguments) {
  ArgumentReader reader("zip_longest", arguments);
  STIR_ASSIGN(const std::vector<Items> pools, CollectAll(context, reader.RestPositional()));
  const Value fill = reader.Optional("fillvalue");
  STIR_TRY(reader.Finish());
  size_t longest = 0;
  for (const Items& pool : pools) longest = std::max(longest, pool.size());
  Items items;
  for (size_t i = 0; i < longest; ++i) {
    Items row;
    for (const Items& pool : pools) row.push_back(i < pool.size() ? pool[i] : fill);
    items.push_back(Value::Tuple(std::move(row)));
  }
  return Iterable("zip_longest", std::move(items));
}

Result<Value> GroupBy(CallContext& context, const Arguments& arguments) {
  ArgumentReader reader("groupby", arguments);
  STIR_ASSIGN(Value iterable, reader.Required("iterable"));
  const Value key_function = reader.Optional("key");
  STIR_ASSIGN(const Items pool, Collect(context, iterable));
  std::vector<std::pair<Value, Items>> groups;
  for (const Value& item : pool) {
    Value key = item;
    if (!key_function.IsNone()) {
      STIR_ASSIGN(key, Call(context, key_function, {item}));
    }
    if (groups.empty() || !groups.back().first.Equals(key)) groups.emplace_back(key, Items());
    groups.back().second.push_back(item);
  }
  Items items;
  for (auto& [key, members] : groups) items.push_back(Value::Tuple({key, Iterable("_grouper", std::move(members))}));
  return Iterable("groupby", std::move(items));
}

Result<Value> CountFrom(CallContext&, const Arguments& arguments) {
  ArgumentReader reader("count", arguments);
  const Value start = reader.Optional("start", Value::Int(0)), step = reader.Optional("step", Value::Int(1));
  STIR_TRY(reader.Finish());
  if (start.type() != jinja::Type::kInt || step.type() != jinja::Type::kInt) return TypeError("count() needs integers");
  auto next = [at = start.AsInt(), by = step.AsInt()]() mutable {
    const Value value = Value::Int(at);
    at += by;
    return value;
  };
  return jinja::MakeIterable(std::make_unique<EndlessIterator>(next), "itertools.count");
}

Result<Value> Cycle(CallContext& context, const Arguments& arguments) {
  ArgumentReader reader("cycle", arguments);
  STIR_ASSIGN(Value iterable, reader.Required("iterable"));
  STIR_ASSIGN(Items pool, Collect(context, iterable));
  if (pool.empty()) return Iterable("cycle", {});
  auto next = [pool = std::move(pool), at = size_t{0}]() mutable { return pool[at++ % pool.size()]; };
  return jinja::MakeIterable(std::make_unique<EndlessIterator>(next), "itertools.cycle");
}

Result<Value> Repeat(CallContext&, const Arguments& arguments) {
  ArgumentReader reader("repeat", arguments);
  STIR_ASSIGN(Value object, reader.Required("object"));
  const Value times = reader.Optional("times");
  STIR_TRY(reader.Finish());
  if (times.IsNone())
    return jinja::MakeIterable(std::make_unique<EndlessIterator>([object] { return object; }), "itertools.repeat");
  STIR_ASSIGN(const size_t count, Count(times, "times"));
  if (count > kMost) return ValueError("repeat() would have too many items");
  return Iterable("repeat", Items(count, object));
}

// The same function, told of when it is called.
jinja::Function Told(std::function<Status()> on_call, jinja::Function body) {
  if (!on_call) return body;
  return [on_call = std::move(on_call), body = std::move(body)](CallContext& context,
                                                                const Arguments& arguments) -> Result<Value> {
    STIR_TRY(on_call());
    return body(context, arguments);
  };
}

}  // namespace

Value ItertoolsModule(const std::function<Status()>& on_call) {
  const auto function = [&](std::string name, jinja::Function body) {
    return std::pair(name, jinja::MakeFunction(name, Told(on_call, std::move(body))));
  };
  std::vector<std::pair<std::string, Value>> members = {function("accumulate", Accumulate),
                                                        function("compress", Compress),
                                                        function("count", CountFrom),
                                                        function("cycle", Cycle),
                                                        function("groupby", GroupBy),
                                                        function("islice", Islice),
                                                        function("permutations", Permutations),
                                                        function("product", Product),
                                                        function("repeat", Repeat),
                                                        function("starmap", Starmap),
                                                        function("tee", Tee),
                                                        function("zip_longest", ZipLongest)};
  members.emplace_back("chain", Value::New<ClassObject>("itertools.chain", Told(on_call, Chain),
                                                        std::vector<std::pair<std::string, Value>>{
                                                            function("from_iterable", ChainFromIterable)}));
  for (const bool replacement : {false, true}) {
    members.push_back(function(replacement ? "combinations_with_replacement" : "combinations",
                               [replacement](CallContext& context, const Arguments& arguments) {
                                 return Combinations(context, arguments, replacement);
                               }));
  }
  for (const std::string_view name : {"dropwhile", "takewhile", "filterfalse"}) {
    members.push_back(function(std::string(name), [name](CallContext& context, const Arguments& arguments) {
      return Filter(name, context, arguments);
    }));
  }
  return MakeModule("itertools", std::move(members));
}

}  // namespace stir::pylib
