#include "platform/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "jinja/kinds.h"
#include "platform/kinds.h"
#include "platform/values.h"
#include "project/kinds.h"
#include "project/yaml_values.h"

namespace stir::platform {
namespace {

class Late final : public jinja::Object {
 public:
  std::string_view TypeName() const override { return "a value of the run"; }
  Result<std::optional<jinja::Value>> GetAttribute(jinja::CallContext&, std::string_view) override { return Self(); }
  Result<std::optional<jinja::Value>> GetItem(jinja::CallContext&, const jinja::Value&) override { return Self(); }
  bool IsCallable() const override { return true; }
  Result<jinja::Value> Call(jinja::CallContext&, const jinja::Arguments&) override { return LateValue(); }
  bool IsIterable() const override { return true; }
  bool IsMapping() const override { return true; }
  Result<std::unique_ptr<jinja::Iterator>> Iterate() override { return std::unique_ptr<jinja::Iterator>(new Nothing); }
  std::optional<size_t> Length() const override { return 0; }
  bool Truthy() const override { return true; }
  Result<std::string> Str() const override { return std::string(); }
  Result<std::optional<jinja::Value>> Binary(jinja::BinaryOp, const jinja::Value&, bool) const override {
    return Self();
  }
  bool IsNumber() const override { return true; }

 private:
  class Nothing final : public jinja::Iterator {
    Result<std::optional<jinja::Value>> Next() override { return std::optional<jinja::Value>(); }
  };
  static std::optional<jinja::Value> Self() { return LateValue(); }
};

// "19:00" without quotes is the number 1140 in YAML 1.1, "1:30:00" the number 5400.
bool IsSexagesimal(const yaml::Node& node) {
  return node.type == yaml::Type::kInt && !node.quoted && node.text.find(':') != std::string::npos;
}

std::string QuoteHint(const yaml::Node& node) { return fmt::format("put it in quotes: \"{}\"", node.text); }

// "'execution_date' is undefined": a name that Airflow once had, or a slip in one that a run has.
std::string HintForUndefined(const Diagnostic& error) {
  const size_t begin = error.message.find('\''), end = error.message.find("' is undefined");
  if (begin != 0 || end == std::string::npos) return {};
  const std::string name = error.message.substr(1, end - 1);
  if (const std::string_view instead = ReplacementOf(name); !instead.empty()) return fmt::format("write `{}`", instead);
  return DidYouMean(name, RunNames());
}

std::string OneOfHint(std::string_view seen, std::span<const std::string_view> words) {
  if (std::string near = DidYouMean(seen, std::vector<std::string>(words.begin(), words.end())); !near.empty())
    return near;
  std::string hint = "one of ";
  for (size_t i = 0; i < words.size(); ++i) hint += fmt::format("{}`{}`", i == 0 ? "" : ", ", words[i]);
  return hint;
}

}  // namespace

jinja::Value LateValue() { return jinja::Value::New<Late>(); }

void Reader::WrongType(const yaml::Node& node, std::string_view what, std::string_view wanted, std::string hint) {
  Error(Diagnostic(kBadValue, fmt::format("`{}` must be {}, not {}", what, wanted, project::Describe(node)), node.span)
            .Hint(std::move(hint)));
}

std::optional<jinja::Value> Reader::Rendered(const yaml::Node& node, bool native) {
  const jinja::RenderOptions options{.undefined = jinja::UndefinedPolicy::kStrict, .limits = {}, .pieces = nullptr};
  auto parsed = project::TemplateOf(node);
  if (!parsed.ok()) {
    Append(errors_, std::move(parsed).error());
    return std::nullopt;
  }
  Result<jinja::Value> value = [&]() -> Result<jinja::Value> {
    if (native) return jinja::RenderNative(**parsed, scope_, options);
    STIR_ASSIGN(std::string text, jinja::Render(**parsed, scope_, options));
    return jinja::Value::String(std::move(text));
  }();
  const bool late = load_scope_ && load_scope_->TakeLate();
  if (value.ok()) return late ? std::nullopt : std::optional(*std::move(value));
  // What fails only for want of the run's values is the run's to report; a name that nobody knows is wrong already.
  for (Diagnostic& error : Diagnostics(std::move(value).error())) {
    if (late && error.kind != jinja::kTemplateUndefined) continue;
    if (error.hint.empty()) error.hint = HintForUndefined(error);
    Error(std::move(error));
  }
  return std::nullopt;
}

std::optional<std::string> Reader::Text(const yaml::Node& node, std::string_view what) {
  if (IsSexagesimal(node)) {
    Error(Diagnostic(kBadValue, fmt::format("`{}` is the number {} to YAML, not a text", node.text, node.integer),
                     node.span)
              .Hint(QuoteHint(node)));
    return std::nullopt;
  }
  if (!node.IsScalar() || node.IsNull()) {
    WrongType(node, what, "a text");
    return std::nullopt;
  }
  if (!node.IsString() || !project::HasJinja(node.text)) return node.text;
  const size_t before = errors_.size();
  auto value = Rendered(node, /*native=*/false);
  if (value) return std::string(value->AsString());
  if (errors_.size() > before) return std::nullopt;
  return node.text;  // late
}

std::optional<jinja::Value> Reader::Value(const yaml::Node& node) {
  if (node.IsSequence()) {
    std::vector<jinja::Value> items;
    for (const auto& item : node.items) items.push_back(Value(*item).value_or(jinja::Value::None()));
    return jinja::Value::List(std::move(items));
  }
  if (node.IsMapping()) {
    std::vector<std::pair<jinja::Value, jinja::Value>> entries;
    for (const yaml::Entry& entry : node.entries)
      entries.emplace_back(jinja::Value::String(entry.key->text), Value(*entry.value).value_or(jinja::Value::None()));
    return jinja::Value::MakeDict(std::move(entries));
  }
  if (!node.IsString() || !project::HasJinja(node.text)) return project::ValueOf(node);
  const size_t before = errors_.size();
  auto value = Rendered(node, /*native=*/true);
  if (!value && errors_.size() == before) return jinja::Value::String(node.text);
  return value;
}

std::optional<int64_t> Reader::Int(const yaml::Node& node, std::string_view what, int64_t low, int64_t high) {
  std::optional<int64_t> number;
  if (node.type == yaml::Type::kInt && !node.big && !IsSexagesimal(node)) {
    number = node.integer;
  } else if (node.IsString() && project::HasJinja(node.text)) {
    const auto value = Rendered(node, /*native=*/true);
    if (!value) return std::nullopt;
    if (value->type() == jinja::Type::kInt) number = value->AsInt();
    if (value->IsString()) {
      int64_t parsed = 0;
      const std::string_view text = value->AsString();
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), parsed);
      if (error == std::errc() && end == text.data() + text.size()) number = parsed;
    }
  }
  if (!number) {
    WrongType(node, what, "a whole number");
    return std::nullopt;
  }
  if (*number < low || *number > high) {
    Error(Diagnostic(kBadValue, fmt::format("`{}` is {}, which is not between {} and {}", what, *number, low, high),
                     node.span));
    return std::nullopt;
  }
  return number;
}

std::optional<double> Reader::Number(const yaml::Node& node, std::string_view what, double low, double high) {
  std::optional<double> number;
  if (node.type == yaml::Type::kFloat) number = node.real;
  if (node.type == yaml::Type::kInt && !node.big) number = static_cast<double>(node.integer);
  if (!number && node.IsString() && project::HasJinja(node.text)) {
    const auto value = Rendered(node, /*native=*/true);
    if (!value) return std::nullopt;
    if (value->type() == jinja::Type::kFloat) number = value->AsFloat();
    if (value->type() == jinja::Type::kInt) number = static_cast<double>(value->AsInt());
  }
  if (!number) {
    WrongType(node, what, "a number");
    return std::nullopt;
  }
  if (!(*number >= low && *number <= high)) {
    Error(Diagnostic(kBadValue, fmt::format("`{}` is {}, which is not between {} and {}", what, *number, low, high),
                     node.span));
    return std::nullopt;
  }
  return number;
}

std::optional<bool> Reader::Bool(const yaml::Node& node, std::string_view what) {
  if (node.type == yaml::Type::kBool) return node.boolean;
  if (node.IsString() && project::HasJinja(node.text)) {
    const auto value = Rendered(node, /*native=*/true);
    if (!value) return std::nullopt;
    if (value->type() == jinja::Type::kBool) return value->AsBool();
  }
  WrongType(node, what, "true or false");
  return std::nullopt;
}

std::optional<Duration> Reader::Time(const yaml::Node& node, std::string_view what) {
  constexpr std::string_view kHint = "durations are written `90s`, `5m`, `1h30m`, `2d`";
  if (!node.IsString()) {
    std::string hint(kHint);
    if (IsSexagesimal(node))
      hint += fmt::format("; without quotes `{}` is the number {} to YAML", node.text, node.integer);
    WrongType(node, what, "a duration", std::move(hint));
    return std::nullopt;
  }
  const size_t before = errors_.size();
  const auto text = Text(node, what);
  if (!text || errors_.size() > before) return std::nullopt;
  if (!binding() && project::HasJinja(*text)) return std::nullopt;  // late
  if (auto duration = ParseDuration(*text)) return duration;
  Error(Diagnostic(kBadValue, fmt::format("`{}` is no duration", *text), node.span).Hint(std::string(kHint)));
  return std::nullopt;
}

std::optional<int> Reader::TimeOfDay(const yaml::Node& node, std::string_view what) {
  const auto text = Text(node, what);
  if (!text) return std::nullopt;
  int hour = -1, minute = -1;
  const size_t colon = text->find(':');
  if (colon != std::string::npos) {
    std::from_chars(text->data(), text->data() + colon, hour);
    std::from_chars(text->data() + colon + 1, text->data() + text->size(), minute);
  }
  if (hour >= 0 && hour <= 24 && minute >= 0 && minute < 60 && hour * 60 + minute <= 24 * 60) return hour * 60 + minute;
  Error(Diagnostic(kBadValue, fmt::format("`{}` is no time of day", *text), node.span)
            .Hint("write \"19:00\", in quotes"));
  return std::nullopt;
}

std::vector<Placed<std::string>> Reader::Texts(const yaml::Node& node, std::string_view what) {
  std::vector<Placed<std::string>> texts;
  const auto add = [&](const yaml::Node& each) {
    if (auto text = Text(each, what)) texts.push_back({std::move(*text), each.span});
  };
  if (!node.IsSequence()) {
    add(node);
    return texts;
  }
  for (const auto& item : node.items) add(*item);
  return texts;
}

Fields::Fields(Reader& reader, const yaml::Node& node, std::string what)
    : reader_(reader), node_(node), what_(std::move(what)) {
  if (!node.IsMapping()) reader.WrongType(node, what_, "a mapping");
}

const yaml::Node* Fields::Find(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  const yaml::Node* found = node_.IsMapping() ? node_.Find(key) : nullptr;
  return found && !found->IsNull() ? found : nullptr;
}

std::shared_ptr<const yaml::Node> Fields::Share(std::string_view key) {
  const yaml::Node* found = Find(key);
  return found ? node_.FindEntry(key)->value : nullptr;
}

const yaml::Node* Fields::Require(std::string_view key, std::string_view hint) {
  const yaml::Node* found = Find(key);
  if (!found && node_.IsMapping())
    reader_.Error(Diagnostic(project::kMissingKey, fmt::format("{} has no `{}`", what_, key), node_.span)
                      .Hint(std::string(hint)));
  return found;
}

Span Fields::KeySpan(std::string_view key) const {
  const yaml::Entry* entry = node_.IsMapping() ? node_.FindEntry(key) : nullptr;
  return entry ? entry->key->span : node_.span;
}

std::string Fields::Text(std::string_view key, std::string fallback) {
  return PlacedText(key, std::move(fallback)).value;
}

Placed<std::string> Fields::PlacedText(std::string_view key, std::string fallback) {
  const yaml::Node* found = Find(key);
  if (!found) return {std::move(fallback), {}};
  return {reader_.Text(*found, key).value_or(std::move(fallback)), found->span};
}

std::string Fields::RequireText(std::string_view key, std::string_view hint) {
  const yaml::Node* found = Require(key, hint);
  return found ? reader_.Text(*found, key).value_or("") : std::string();
}

int64_t Fields::Int(std::string_view key, int64_t fallback, int64_t low, int64_t high) {
  const yaml::Node* found = Find(key);
  return found ? reader_.Int(*found, key, low, high).value_or(fallback) : fallback;
}

double Fields::Number(std::string_view key, double fallback, double low, double high) {
  const yaml::Node* found = Find(key);
  return found ? reader_.Number(*found, key, low, high).value_or(fallback) : fallback;
}

bool Fields::Bool(std::string_view key, bool fallback) {
  const yaml::Node* found = Find(key);
  return found ? reader_.Bool(*found, key).value_or(fallback) : fallback;
}

Duration Fields::Time(std::string_view key, Duration fallback) {
  const yaml::Node* found = Find(key);
  return found ? reader_.Time(*found, key).value_or(fallback) : fallback;
}

std::vector<Placed<std::string>> Fields::PlacedTexts(std::string_view key) {
  const yaml::Node* found = Find(key);
  return found ? reader_.Texts(*found, key) : std::vector<Placed<std::string>>();
}

std::vector<std::string> Fields::Texts(std::string_view key) {
  std::vector<std::string> texts;
  for (auto& text : PlacedTexts(key)) texts.push_back(std::move(text.value));
  return texts;
}

std::map<std::string, std::string> Fields::TextMap(std::string_view key) {
  std::map<std::string, std::string> map;
  const yaml::Node* found = Find(key);
  if (!found) return map;
  if (!found->IsMapping()) {
    reader_.WrongType(*found, key, "a mapping");
    return map;
  }
  for (const yaml::Entry& entry : found->entries)
    if (auto text = reader_.Text(*entry.value, entry.key->text)) map[entry.key->text] = std::move(*text);
  return map;
}

jinja::Value Fields::Value(std::string_view key) {
  const yaml::Node* found = Find(key);
  return found ? reader_.Value(*found).value_or(jinja::Value()) : jinja::Value();
}

std::pair<size_t, Span> Fields::WordIndex(std::string_view key, std::span<const std::string_view> words,
                                          size_t fallback) {
  const yaml::Node* found = Find(key);
  if (!found) return {fallback, {}};
  const auto text = reader_.Text(*found, key);
  if (!text || (!reader_.binding() && project::HasJinja(*text))) return {fallback, found->span};
  const auto word = std::find(words.begin(), words.end(), *text);
  if (word != words.end()) return {static_cast<size_t>(word - words.begin()), found->span};
  reader_.Error(
      Diagnostic(kBadValue, fmt::format("`{}` cannot be `{}`", key, *text), found->span).Hint(OneOfHint(*text, words)));
  return {fallback, found->span};
}

void Fields::Finish() {
  if (!node_.IsMapping() || rest_known_) return;
  for (const yaml::Entry& entry : node_.entries) {
    if (std::find(known_.begin(), known_.end(), entry.key->text) != known_.end()) continue;
    std::string hint = DidYouMean(entry.key->text, known_);
    if (hint.empty()) hint = "keys here are " + Join(known_, ", ");
    reader_.Error(
        Diagnostic(project::kUnknownKey, fmt::format("{} has no key `{}`", what_, entry.key->text), entry.key->span)
            .Hint(std::move(hint)));
  }
}

}  // namespace stir::platform
