// agate tables: rows that answer by place and by name, columns as sequences of values.
#include "pylib/agate.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/strings.h"
#include "jinja/template.h"
#include "pylib/temporal.h"

namespace stir::pylib {
namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::MakeFunction;
using jinja::Value;
using Attribute = Result<std::optional<Value>>;
using Names = std::shared_ptr<const std::vector<std::string>>;

Attribute Have(Value value) { return std::optional<Value>(std::move(value)); }
Attribute Missing() { return std::optional<Value>(); }

using Body = std::function<Result<Value>(CallContext&, const Arguments&)>;
Attribute Method(std::string_view name, Body body) { return Have(MakeFunction(std::string(name), std::move(body))); }
Attribute Returns(std::string_view name, Value value) {
  return Method(name, [value](CallContext&, const Arguments&) -> Result<Value> { return value; });
}

class ValuesIterator : public jinja::Iterator {
 public:
  explicit ValuesIterator(std::vector<Value> values) : values_(std::move(values)) {}
  Result<std::optional<Value>> Next() override {
    if (at_ == values_.size()) return std::optional<Value>();
    return std::optional<Value>(values_[at_++]);
  }

 private:
  std::vector<Value> values_;
  size_t at_ = 0;
};

// A sequence whose items also have names: a row (by column name), the columns, the rows. Read only, shared.
class MappedSequence : public jinja::Object {
 public:
  MappedSequence(std::string_view type, Names names, std::vector<Value> values)
      : type_(type), names_(std::move(names)), values_(std::move(values)) {}
  const std::vector<Value>& values() const { return values_; }

  std::string_view TypeName() const override { return type_; }
  bool IsIterable() const override { return true; }
  std::optional<size_t> Length() const override { return values_.size(); }
  bool Truthy() const override { return !values_.empty(); }
  Result<std::unique_ptr<jinja::Iterator>> Iterate() override {
    return std::unique_ptr<jinja::Iterator>(std::make_unique<ValuesIterator>(values_));
  }

  Attribute GetItem(CallContext&, const Value& key) override {
    if (key.type() == jinja::Type::kInt) {
      const int64_t size = static_cast<int64_t>(values_.size()),
                    index = key.AsInt() < 0 ? key.AsInt() + size : key.AsInt();
      return index >= 0 && index < size ? Have(values_[static_cast<size_t>(index)]) : Missing();
    }
    if (const auto indices = jinja::SliceIndices(key, values_.size())) {
      std::vector<Value> items;
      for (const size_t index : *indices) items.push_back(values_[index]);
      return Have(Value::Tuple(std::move(items)));
    }
    if (key.IsString()) {
      if (const std::optional<size_t> at = IndexOf(key.AsString())) return Have(values_[*at]);
    }
    return Missing();
  }

  Attribute GetAttribute(CallContext&, std::string_view name) override {
    if (name == "keys") return Returns(name, KeysValue());
    if (name == "values") return Returns(name, Value::Tuple(values_));
    if (name == "items") {
      std::vector<Value> pairs;
      for (size_t i = 0; i < values_.size(); ++i) pairs.push_back(Value::Tuple({KeyAt(i), values_[i]}));
      return Returns(name, Value::List(std::move(pairs)));
    }
    if (name == "dict") {
      auto dict = jinja::MakeRef<jinja::Dict>();
      for (size_t i = 0; i < values_.size(); ++i) dict->Set(KeyAt(i), values_[i]);
      return Returns(name, Value::FromDict(std::move(dict)));
    }
    if (name == "get") {
      const jinja::Ref<MappedSequence> self(this);
      return Method(name, [self](CallContext&, const Arguments& arguments) -> Result<Value> {
        ArgumentReader reader("get", arguments);
        STIR_ASSIGN(Value key, reader.Required("key"));
        const Value fallback = reader.Optional("default");
        STIR_TRY(reader.Finish());
        const std::optional<size_t> at = key.IsString() ? self->IndexOf(key.AsString()) : std::nullopt;
        return at ? self->values_[*at] : fallback;
      });
    }
    if (name == "index" || name == "count") {
      const jinja::Ref<MappedSequence> self(this);
      return Method(name, [self, count = name == "count"](CallContext&, const Arguments& arguments) -> Result<Value> {
        if (arguments.positional.size() != 1) return TypeError("takes exactly one argument");
        const auto equal = [&](const Value& value) { return value.Equals(arguments.positional[0]); };
        if (count) return Value::Int(std::ranges::count_if(self->values_, equal));
        const auto found = std::ranges::find_if(self->values_, equal);
        if (found == self->values_.end()) return ValueError("value is not in the sequence");
        return Value::Int(found - self->values_.begin());
      });
    }
    return Missing();
  }

  bool Equals(const Value& other) const override {
    const auto* mapped = other.As<MappedSequence>();
    if (mapped == nullptr && !other.IsSequence()) return false;
    const std::vector<Value>& theirs = mapped != nullptr ? mapped->values_ : other.Items();
    return std::ranges::equal(values_, theirs, [](const Value& a, const Value& b) { return a.Equals(b); });
  }

  Result<std::string> Repr() const override {
    std::string text = fmt::format("<agate.{}: (", type_);
    for (size_t i = 0; i < values_.size() && i < 5; ++i) {
      STIR_ASSIGN(const std::string item, values_[i].Repr());
      text += (i > 0 ? ", " : "") + item;
    }
    return text + (values_.size() > 5 ? ", ...)>" : ")>");
  }

 private:
  std::optional<size_t> IndexOf(std::string_view name) const {
    if (names_ == nullptr) return std::nullopt;
    const auto found = std::ranges::find(*names_, name);
    return found == names_->end() ? std::nullopt : std::optional(static_cast<size_t>(found - names_->begin()));
  }
  Value KeyAt(size_t i) const {
    return names_ != nullptr && i < names_->size() ? Value::String((*names_)[i]) : Value::Int(static_cast<int64_t>(i));
  }
  Value KeysValue() const {
    if (names_ == nullptr) return Value::None();
    std::vector<Value> keys;
    for (const std::string& name : *names_) keys.push_back(Value::String(name));
    return Value::Tuple(std::move(keys));
  }

  std::string type_;
  Names names_;  // null: no names
  std::vector<Value> values_;
};

// A column: a sequence that also knows its name and place.
class ColumnObject : public MappedSequence {
 public:
  ColumnObject(std::string name, size_t index, std::vector<Value> values)
      : MappedSequence("Column", nullptr, std::move(values)), name_(std::move(name)), index_(index) {}
  Attribute GetAttribute(CallContext& context, std::string_view name) override {
    if (name == "name") return Have(Value::String(name_));
    if (name == "index") return Have(Value::Int(static_cast<int64_t>(index_)));
    if (name == "data_type") return Have(Value::String(TypeText()));
    if (name == "values_without_nulls" || name == "values_distinct" || name == "values_sorted")
      return Returns(name, Chosen(name));
    return MappedSequence::GetAttribute(context, name);
  }

 private:
  Value Chosen(std::string_view name) const {
    std::vector<Value> chosen;
    for (const Value& value : values()) {
      const bool seen =
          name == "values_distinct" && std::ranges::any_of(chosen, [&](const Value& old) { return old.Equals(value); });
      const bool null = name == "values_without_nulls" && value.IsNone();
      if (!seen && !null) chosen.push_back(value);
    }
    return Value::Tuple(std::move(chosen));
  }
  std::string TypeText() const {
    const auto first = std::ranges::find_if(values(), [](const Value& value) { return !value.IsNone(); });
    if (first == values().end()) return "Integer";
    const std::string_view type = first->TypeName();
    return type == "str"                 ? "Text"
           : type == "bool"              ? "Boolean"
           : type == "int"               ? "Integer"
           : type == "datetime.date"     ? "Date"
           : type == "datetime.datetime" ? "DateTime"
                                         : "Number";
  }

  std::string name_;
  size_t index_;
};

class TableObject : public jinja::Object {
 public:
  TableObject(Names names, std::vector<Value> rows) : names_(std::move(names)), rows_(std::move(rows)) {}

  TableContent Content() const {
    TableContent content{*names_, {}};
    for (const Value& row : rows_) content.rows.push_back(CellsOf(row));
    return content;
  }

  std::string_view TypeName() const override { return "Table"; }
  bool IsIterable() const override { return true; }
  std::optional<size_t> Length() const override { return rows_.size(); }
  bool Truthy() const override { return !rows_.empty(); }
  Result<std::unique_ptr<jinja::Iterator>> Iterate() override {
    return std::unique_ptr<jinja::Iterator>(std::make_unique<ValuesIterator>(rows_));
  }
  Attribute GetItem(CallContext& context, const Value& key) override { return RowsObject()->GetItem(context, key); }
  Result<std::string> Repr() const override {
    return fmt::format("<agate.Table: {} columns, {} rows>", names_->size(), rows_.size());
  }

  Attribute GetAttribute(CallContext&, std::string_view name) override {
    if (name == "rows") return Have(Value::FromObject(RowsObject()));
    if (name == "columns") return Have(Value::New<MappedSequence>("MappedSequence", names_, Columns()));
    if (name == "column_names") {
      std::vector<Value> names;
      for (const std::string& each : *names_) names.push_back(Value::String(each));
      return Have(Value::Tuple(std::move(names)));
    }
    const jinja::Ref<TableObject> self(this);
    if (name == "print_table") return Returns(name, Value::None());
    if (name == "limit")
      return Method(name, [self](CallContext&, const Arguments& arguments) { return self->Limit(arguments); });
    if (name == "rename")
      return Method(
          name, [self](CallContext& context, const Arguments& arguments) { return self->Rename(context, arguments); });
    if (name == "select" || name == "exclude") {
      return Method(name, [self, keep = name == "select"](CallContext& context, const Arguments& arguments) {
        return self->Select(context, arguments, keep);
      });
    }
    if (name == "distinct") return Have(Distinct());
    return Missing();
  }

 private:
  jinja::Ref<jinja::Object> RowsObject() const {
    return jinja::Ref<jinja::Object>(new MappedSequence("MappedSequence", nullptr, rows_));
  }
  static const std::vector<Value>& CellsOf(const Value& row) { return row.As<MappedSequence>()->values(); }

  std::vector<Value> Columns() const {
    std::vector<Value> columns;
    for (size_t i = 0; i < names_->size(); ++i) {
      std::vector<Value> values;
      for (const Value& row : rows_) values.push_back(CellsOf(row)[i]);
      columns.push_back(Value::New<ColumnObject>((*names_)[i], i, std::move(values)));
    }
    return columns;
  }

  Result<Value> Limit(const Arguments& arguments) const {
    ArgumentReader reader("limit", arguments);
    STIR_ASSIGN(const Value most, reader.Required("start_or_stop"));
    const size_t count =
        most.type() == jinja::Type::kInt && most.AsInt() >= 0 ? static_cast<size_t>(most.AsInt()) : rows_.size();
    return Value::New<TableObject>(
        names_,
        std::vector<Value>(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(std::min(count, rows_.size()))));
  }

  // column_names: a list of all the new names, or a dict from old to new.
  Result<Value> Rename(CallContext& context, const Arguments& arguments) const {
    ArgumentReader reader("rename", arguments);
    const Value given = reader.Optional("column_names");
    std::vector<std::string> names = *names_;
    if (given.IsDict()) {
      for (std::string& name : names) {
        if (const Value* renamed = given.AsDict().Find(name)) name = std::string(renamed->AsString());
      }
    } else if (!given.IsNone()) {
      STIR_ASSIGN(auto iterator, context.Iterate(given));
      for (std::string& name : names) {
        STIR_ASSIGN(std::optional<Value> next, iterator->Next());
        if (!next || !next->IsString()) return ValueError("rename() needs a name for each column");
        name = std::string(next->AsString());
      }
    }
    std::vector<std::vector<Value>> cells;
    for (const Value& row : rows_) cells.push_back(CellsOf(row));
    return MakeTable(std::move(names), std::move(cells));
  }

  Result<Value> Select(CallContext& context, const Arguments& arguments, bool keep) const {
    ArgumentReader reader("select", arguments);
    STIR_ASSIGN(const Value key, reader.Required("key"));
    std::vector<std::string> wanted;
    if (key.IsString()) {
      wanted.emplace_back(key.AsString());
    } else {
      STIR_ASSIGN(auto iterator, context.Iterate(key));
      while (true) {
        STIR_ASSIGN(std::optional<Value> next, iterator->Next());
        if (!next) break;
        if (next->IsString()) wanted.emplace_back(next->AsString());
      }
    }
    std::vector<std::string> names;
    std::vector<size_t> places;
    for (size_t i = 0; i < names_->size(); ++i) {
      if ((std::ranges::find(wanted, (*names_)[i]) != wanted.end()) == keep)
        names.push_back((*names_)[i]), places.push_back(i);
    }
    std::vector<std::vector<Value>> cells;
    for (const Value& row : rows_) {
      cells.emplace_back();
      for (const size_t place : places) cells.back().push_back(CellsOf(row)[place]);
    }
    return MakeTable(std::move(names), std::move(cells));
  }

  Value Distinct() const {
    const jinja::Ref<const TableObject> self(this);
    return MakeFunction("distinct", [self](CallContext&, const Arguments&) -> Result<Value> {
      std::vector<Value> rows;
      for (const Value& row : self->rows_) {
        if (std::ranges::none_of(rows, [&](const Value& old) { return old.Equals(row); })) rows.push_back(row);
      }
      return Value::New<TableObject>(self->names_, std::move(rows));
    });
  }

  Names names_;
  std::vector<Value> rows_;  // MappedSequence each, with the table's names
};

}  // namespace

Value MakeTable(std::vector<std::string> column_names, std::vector<std::vector<Value>> rows) {
  const Names names = std::make_shared<const std::vector<std::string>>(std::move(column_names));
  std::vector<Value> row_values;
  row_values.reserve(rows.size());
  for (std::vector<Value>& row : rows) row_values.push_back(Value::New<MappedSequence>("Row", names, std::move(row)));
  return Value::New<TableObject>(names, std::move(row_values));
}

std::optional<TableContent> ReadTable(const Value& value) {
  const auto* table = value.As<TableObject>();
  return table == nullptr ? std::nullopt : std::optional(table->Content());
}

}  // namespace stir::pylib
