// Filters over lists, dicts and other iterables.
#include <algorithm>
#include <random>

#include <fmt/format.h>

#include "jinja/filters.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

// The items of a tuple with names: what groupby gives.
class GroupObject final : public Object {
 public:
  GroupObject(Value grouper, Value list) : pair_(Value::Tuple({std::move(grouper), std::move(list)})) {}
  std::string_view TypeName() const override { return "_GroupTuple"; }
  bool IsIterable() const override { return true; }
  std::optional<size_t> Length() const override { return 2; }
  Result<std::unique_ptr<Iterator>> Iterate() override {
    return Catching([&] { return jinja::Iterate(pair_); });
  }
  Result<std::string> Repr() const override { return pair_.Repr(); }
  bool Equals(const Value& other) const override {
    auto* group = other.As<GroupObject>();
    return group ? pair_.Equals(group->pair_) : pair_.Equals(other);
  }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (name == "grouper") return std::optional(pair_.Items()[0]);
    if (name == "list") return std::optional(pair_.Items()[1]);
    return std::optional<Value>();
  }
  Result<std::optional<Value>> GetItem(CallContext& context, const Value& key) override {
    STIR_ASSIGN(Value item, context.GetItem(pair_, key));
    return item.IsUndefined() ? std::nullopt : std::optional(std::move(item));
  }

 private:
  const Value pair_;
};

struct Keyed {
  Value key, item;
};

void SortByKey(std::vector<Keyed>& keyed, bool reverse) {
  std::ranges::stable_sort(
      keyed, [&](const Keyed& a, const Keyed& b) { return reverse ? Less(b.key, a.key) : Less(a.key, b.key); });
}

// By keys that stand in lists of one, which are compared for equality first: what is equal needs no order.
void SortByOnlyKey(std::vector<Keyed>& keyed, bool reverse) {
  auto before = [](const Value& a, const Value& b) { return !a.Equals(b) && Less(a, b); };
  std::ranges::stable_sort(
      keyed, [&](const Keyed& a, const Keyed& b) { return reverse ? before(b.key, a.key) : before(a.key, b.key); });
}

Value Items(std::vector<Keyed> keyed) {
  std::vector<Value> items;
  for (Keyed& each : keyed) items.push_back(std::move(each.item));
  return Value::List(std::move(items));
}

// sort(attribute='a,b') sorts by several attributes.
std::vector<AttributePath> SortPaths(const Value& attribute) {
  std::vector<AttributePath> paths;
  if (!attribute.IsString()) return {AttributePath(attribute)};
  std::string_view rest = attribute.AsString();
  for (size_t comma = 0; comma != std::string_view::npos;) {
    comma = rest.find(',');
    paths.emplace_back(Value::String(std::string(rest.substr(0, comma))));
    if (comma != std::string_view::npos) rest.remove_prefix(comma + 1);
  }
  return paths;
}

Value Sort(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("do_sort", arguments);
  Value reverse = reader.Optional("reverse", Value::Bool(false));
  bool case_sensitive = reader.OptionalBool("case_sensitive", false);
  std::vector<AttributePath> paths = SortPaths(reader.Optional("attribute"));
  reader.Finish();
  const std::vector<Value> items = ToVector(input);
  const bool is_reverse = RequireInt(reverse) != 0;
  std::vector<Keyed> keyed;
  for (const Value& item : items) {
    if (paths.size() == 1) {
      keyed.push_back({FoldCase(paths[0].Of(evaluator, item), case_sensitive), item});
      continue;
    }
    std::vector<Value> key;
    for (const AttributePath& path : paths) key.push_back(FoldCase(path.Of(evaluator, item), case_sensitive));
    keyed.push_back({Value::List(std::move(key)), item});
  }
  if (paths.size() == 1) {
    SortByOnlyKey(keyed, is_reverse);
  } else {
    SortByKey(keyed, is_reverse);
  }
  return Items(std::move(keyed));
}

Value DictSort(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("do_dictsort", arguments);
  bool case_sensitive = reader.OptionalBool("case_sensitive", false);
  Value by = reader.Optional("by", Value::String("key")), reverse = reader.Optional("reverse", Value::Bool(false));
  reader.Finish();
  const bool by_key = by.Equals(Value::String("key"));
  if (!by_key && !by.Equals(Value::String("value")))
    Fail(kTemplateFilterArgument, "You can only sort by either \"key\" or \"value\"");
  RequireItems(evaluator, input);
  const bool is_reverse = RequireInt(reverse) != 0;
  std::vector<Keyed> keyed;
  for (const auto& [key, value] : input.AsDict().entries())
    keyed.push_back({FoldCase(by_key ? key : value, case_sensitive), Value::Tuple({key, value})});
  SortByKey(keyed, is_reverse);
  return Items(std::move(keyed));
}

Value Unique(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("sync_do_unique", arguments);
  bool case_sensitive = reader.OptionalBool("case_sensitive", false);
  AttributePath path(reader.Optional("attribute"));
  reader.Finish();
  return LazyIterable(evaluator,
                      [input, path, case_sensitive, seen = MakeRef<Dict>(),
                       items = std::shared_ptr<Iterator>()](Evaluator& self) mutable -> std::optional<Value> {
                        if (!items) items = Iterate(input);
                        for (Value item; NextOf(*items, item);) {
                          Value key = FoldCase(path.Of(self, item), case_sensitive);
                          RequireHashable(key);
                          if (seen->Find(key)) continue;
                          seen->Set(std::move(key), Value::None());
                          return item;
                        }
                        return std::nullopt;
                      });
}

template <bool kMax>
Value Extreme(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader(kMax ? "do_max" : "do_min", arguments);
  bool case_sensitive = reader.OptionalBool("case_sensitive", false);
  AttributePath path(reader.Optional("attribute"));
  reader.Finish();
  std::unique_ptr<Iterator> items = Iterate(input);
  Value best, best_key, item;
  if (!NextOf(*items, best)) return evaluator.UndefinedHint("No aggregated item, sequence was empty.");
  best_key = FoldCase(path.Of(evaluator, best), case_sensitive);
  while (NextOf(*items, item)) {
    Value key = FoldCase(path.Of(evaluator, item), case_sensitive);
    if (Compare(kMax ? CompareOp::kGreater : CompareOp::kLess, key, best_key))
      best = std::move(item), best_key = std::move(key);
  }
  return best;
}

Value Sum(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("sync_do_sum", arguments);
  AttributePath path(reader.Optional("attribute"));
  Value sum = reader.Optional("start", Value::Int(0));
  reader.Finish();
  if (sum.IsString()) FailType("sum() can't sum strings [use ''.join(seq) instead]");
  std::unique_ptr<Iterator> items = Iterate(input);
  Value item;
  while (NextOf(*items, item)) sum = Arithmetic(BinaryOp::kAdd, sum, path.Of(evaluator, std::move(item)));
  return sum;
}

Value GroupBy(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("sync_do_groupby", arguments);
  Value attribute = reader.Required("attribute"), fallback = reader.Optional("default");
  bool case_sensitive = reader.OptionalBool("case_sensitive", false);
  reader.Finish();
  const AttributePath path(attribute, fallback);
  std::vector<Keyed> keyed;
  std::vector<Value> names;
  for (Value& item : ToVector(input)) {
    Value name = path.Of(evaluator, item);
    keyed.push_back({FoldCase(name, case_sensitive), Value::Tuple({name, std::move(item)})});
  }
  SortByKey(keyed, false);
  std::vector<Value> groups;
  for (size_t begin = 0, end = 0; begin < keyed.size(); begin = end) {
    std::vector<Value> items;
    for (; end < keyed.size() && keyed[end].key.Equals(keyed[begin].key); ++end)
      items.push_back(keyed[end].item.Items()[1]);
    // The group is called as its first item calls it, also when case does not matter.
    groups.push_back(Value::New<GroupObject>(keyed[begin].item.Items()[0], Value::List(std::move(items))));
  }
  return Value::List(std::move(groups));
}

Value Batch(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("do_batch", arguments);
  Value size = reader.Required("linecount"), fill = reader.Optional("fill_with");
  reader.Finish();
  return LazyIterable(evaluator,
                      [input, size, fill, batch = std::vector<Value>(), is_over = false,
                       items = std::shared_ptr<Iterator>()](Evaluator&) mutable -> std::optional<Value> {
                        if (is_over) return std::nullopt;
                        if (!items) items = Iterate(input);
                        for (Value item; NextOf(*items, item);) {
                          const bool is_full = Value::Int(static_cast<int64_t>(batch.size())).Equals(size);
                          std::vector<Value> full = is_full ? std::exchange(batch, {}) : std::vector<Value>();
                          batch.push_back(std::move(item));
                          if (is_full) return Value::List(std::move(full));
                        }
                        is_over = true;
                        if (batch.empty()) return std::nullopt;
                        if (!fill.IsNone() && Less(Value::Int(static_cast<int64_t>(batch.size())), size)) {
                          const int64_t missing = RequireInt(size) - static_cast<int64_t>(batch.size());
                          if (missing > (1 << 24)) Fail(kTemplateLimit, "the batch is too long");
                          batch.insert(batch.end(), static_cast<size_t>(missing), fill);
                        }
                        return Value::List(std::move(batch));
                      });
}

// The first slices hold one more when the items do not divide evenly.
std::vector<Value> Slices(const Value& input, const Value& slices_value, const Value& fill) {
  std::vector<Value> items = ToVector(input), out;
  const auto length = static_cast<int64_t>(items.size());
  Arithmetic(BinaryOp::kFloorDivide, Value::Int(length), slices_value);  // Python's error for what cannot divide
  const int64_t slices = RequireInt(slices_value);
  if (slices > (1 << 20)) Fail(kTemplateLimit, "too many slices");
  int64_t each = slices < 0 ? 0 : length / slices, extra = slices < 0 ? 0 : length % slices, at = 0;
  for (int64_t i = 0; i < slices; ++i) {
    const int64_t end = at + each + (i < extra ? 1 : 0);
    std::vector<Value> part(items.begin() + at, items.begin() + end);
    if (!fill.IsNone() && i >= extra) part.push_back(fill);
    out.push_back(Value::List(std::move(part)));
    at = end;
  }
  return out;
}

Value Slice(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("sync_do_slice", arguments);
  Value slices = reader.Required("slices"), fill = reader.Optional("fill_with");
  reader.Finish();
  return LazyIterable(evaluator,
                      [input, slices, fill, parts = std::optional<std::vector<Value>>(),
                       next = size_t{0}](Evaluator&) mutable -> std::optional<Value> {
                        if (!parts) parts = Slices(input, slices, fill);
                        return next < parts->size() ? std::optional((*parts)[next++]) : std::nullopt;
                      });
}

Value First(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader("sync_do_first", arguments).Finish();
  if (input.IsSequence() && input.Truthy()) return input.Items().front();
  if (input.IsString() && input.Truthy()) {
    size_t end = 0;
    NextCodePoint(input.AsString(), end);
    return Value::String(std::string(input.AsString().substr(0, end)));
  }
  std::unique_ptr<Iterator> items = Iterate(input);
  Value first;
  return NextOf(*items, first) ? first : evaluator.UndefinedHint("No first item, sequence was empty.");
}

// reversed(x): only what has an order that can be walked backwards.
bool Reversed(Evaluator& evaluator, const Value& input, std::vector<Value>& items) {
  if (std::optional<Value> special = CallSpecial(evaluator, input, "__reversed__")) {
    items = ToVector(*special);
    return true;
  }
  bool can = !input.AsObject() ? IsIterable(input) : input.Length().has_value() && input.TypeName() != "set";
  if (!can) return false;
  items = ToVector(input);
  std::ranges::reverse(items);
  if (Cells::IsMarkup(input)) {
    for (Value& each : items) each = Value::Markup(std::string(each.AsString()));
  }
  return true;
}

Value Last(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader("do_last", arguments).Finish();
  if (input.IsSequence() && input.Truthy()) return input.Items().back();
  std::vector<Value> items;
  if (!Reversed(evaluator, input, items)) FailType(fmt::format("'{}' object is not reversible", input.TypeName()));
  return items.empty() ? evaluator.UndefinedHint("No last item, sequence was empty.") : items.front();
}

Value Reverse(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader("do_reverse", arguments).Finish();
  std::vector<Value> items;
  if (input.IsString()) {
    std::string out;
    std::vector<std::string_view> points = CodePoints(input.AsString());
    for (auto point = points.rbegin(); point != points.rend(); ++point) out += *point;
    return Cells::IsMarkup(input) ? Value::Markup(std::move(out)) : Value::String(std::move(out));
  }
  if (Reversed(evaluator, input, items)) return IterableOf(std::move(items), "list_reverseiterator");
  if (!IsIterable(input)) Fail(kTemplateFilterArgument, "argument must be iterable");
  items = ToVector(input);
  std::ranges::reverse(items);
  return Value::List(std::move(items));
}

Value Random(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader("do_random", arguments).Finish();
  size_t length = LengthOf(input);
  if (length == 0) return evaluator.UndefinedHint("No random item, sequence was empty.");
  if (input.AsObject() && !input.AsObject()->IsIndexable())
    FailType(fmt::format("'{}' object is not subscriptable", input.TypeName()));
  std::random_device device;
  size_t index = std::uniform_int_distribution<size_t>(0, length - 1)(device);
  return evaluator.Item(input, Value::Int(static_cast<int64_t>(index)));
}

Value ItemPairs(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader("do_items", arguments).Finish();
  return LazyIterable(evaluator,
                      [input, pairs = std::shared_ptr<Iterator>()](Evaluator&) mutable -> std::optional<Value> {
                        if (input.IsUndefined()) return std::nullopt;
                        if (!input.IsDict()) FailType("Can only get item pairs from a mapping.");
                        if (!pairs) pairs = Iterate(MakeDictView(input, DictPart::kItems));
                        Value pair;
                        return NextOf(*pairs, pair) ? std::optional(std::move(pair)) : std::nullopt;
                      });
}

Value Length(Evaluator&, const Value& input, const Arguments& arguments) {
  RefuseArguments("len", arguments);
  return Value::Int(static_cast<int64_t>(LengthOf(input)));
}

constexpr FilterEntry kSequenceFilters[] = {
    {"length", Length},
    {"count", Length},
    {"list",
     [](Evaluator&, const Value& input, const Arguments& arguments) {
       Reader("sync_do_list", arguments).Finish();
       return Value::List(ToVector(input));
     }},
    {"first", First},
    {"last", Last},
    {"reverse", Reverse},
    {"sort", Sort},
    {"dictsort", DictSort},
    {"unique", Unique},
    {"min", Extreme<false>},
    {"max", Extreme<true>},
    {"sum", Sum},
    {"groupby", GroupBy},
    {"batch", Batch},
    {"slice", Slice},
    {"items", ItemPairs},
    {"random", Random, false},
};

}  // namespace

std::span<const FilterEntry> SequenceFilters() { return kSequenceFilters; }

void RequireItems(Evaluator& evaluator, const Value& value) {
  FailIfUndefined(value);
  if (value.IsDict()) return;
  if (Object* object = value.AsObject()) {
    if (std::optional<Value> items = Take(object->GetAttribute(evaluator, "items"))) evaluator.CallValue(*items, {});
  }
  Fail(kTemplateAttribute, fmt::format("'{}' object has no attribute 'items'", value.TypeName()));
}

Value FoldCase(const Value& value, bool case_sensitive) {
  return value.IsString() && !case_sensitive ? Value::String(LowerText(value.AsString())) : value;
}

AttributePath::AttributePath(const Value& attribute, Value fallback) : fallback_(std::move(fallback)) {
  if (attribute.IsNone()) return;
  if (!attribute.IsString()) {
    parts_.push_back(attribute);
    return;
  }
  std::string_view rest = attribute.AsString();
  for (size_t dot = 0; dot != std::string_view::npos;) {
    dot = rest.find('.');
    std::string_view part = rest.substr(0, dot);
    bool is_index =
        !part.empty() && part.size() < 10 && std::ranges::all_of(part, [](char c) { return c >= '0' && c <= '9'; });
    parts_.push_back(is_index ? Value::Int(std::stol(std::string(part))) : Value::String(std::string(part)));
    if (dot != std::string_view::npos) rest.remove_prefix(dot + 1);
  }
}

Value AttributePath::Of(Evaluator& evaluator, Value item) const {
  for (const Value& part : parts_) {
    item = evaluator.Item(item, part);
    if (item.IsUndefined() && !fallback_.IsNone()) item = fallback_;
  }
  return item;
}

}  // namespace stir::jinja
