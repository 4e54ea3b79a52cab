// Reads YAML nodes into typed values and gathers what is wrong, all of it at once, each error at its place. Two passes
// use the same code: at load a text that only a run can render stays as it was written; when binding every text is
// rendered.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "jinja/template.h"
#include "platform/placed.h"
#include "yaml/node.h"

namespace stir::platform {

// A scope that knows whether the last rendering touched a name that has no value yet.
class LoadTimeScope : public jinja::Scope {
 public:
  virtual bool TakeLate() = 0;  // and forgets it
};

// What stands for a value that only a run knows: it lets itself be called, asked, compared and printed, so that
// everything around it in the same text is still checked at load.
jinja::Value LateValue();

class Reader {
 public:
  Reader(LoadTimeScope& scope, Diagnostics& errors) : scope_(scope), load_scope_(&scope), errors_(errors) {}
  Reader(jinja::Scope& scope, Diagnostics& errors) : scope_(scope), errors_(errors) {}

  bool binding() const { return load_scope_ == nullptr; }
  void Error(Diagnostic diagnostic) { errors_.push_back(std::move(diagnostic)); }
  // "`retries` must be a number, not a list".
  void WrongType(const yaml::Node& node, std::string_view what, std::string_view wanted, std::string hint = {});

  // Each reads one node; `what` names it in errors. Nothing is returned for what was wrong or is not known yet.
  std::optional<std::string> Text(const yaml::Node& node, std::string_view what);
  std::optional<jinja::Value> Value(const yaml::Node& node);  // lists and mappings with their texts rendered
  std::optional<int64_t> Int(const yaml::Node& node, std::string_view what, int64_t low, int64_t high);
  std::optional<double> Number(const yaml::Node& node, std::string_view what, double low, double high);
  std::optional<bool> Bool(const yaml::Node& node, std::string_view what);
  std::optional<Duration> Time(const yaml::Node& node, std::string_view what);            // "5m"
  std::optional<int> TimeOfDay(const yaml::Node& node, std::string_view what);            // minutes since midnight
  std::vector<Placed<std::string>> Texts(const yaml::Node& node, std::string_view what);  // a list, or one text

 private:
  // The rendered value of a scalar with Jinja; nullopt: late or wrong.
  std::optional<jinja::Value> Rendered(const yaml::Node& node, bool native);

  jinja::Scope& scope_;
  LoadTimeScope* load_scope_ = nullptr;
  Diagnostics& errors_;
};

// One mapping. Every key that is asked for is known; Finish reports the others with a guess.
class Fields {
 public:
  // `what` names the mapping in errors: "ingestion `sales_us_east`". A node of another type is an error, and reads as
  // empty.
  Fields(Reader& reader, const yaml::Node& node, std::string what);

  const yaml::Node* Find(std::string_view key);
  std::shared_ptr<const yaml::Node> Share(std::string_view key);
  // As Find, and a missing key is an error.
  const yaml::Node* Require(std::string_view key, std::string_view hint = {});
  bool Has(std::string_view key) { return Find(key) != nullptr; }
  Span span() const { return node_.span; }
  Span KeySpan(std::string_view key) const;
  const std::string& what() const { return what_; }
  Reader& reader() { return reader_; }

  std::string Text(std::string_view key, std::string fallback = {});
  Placed<std::string> PlacedText(std::string_view key, std::string fallback = {});
  std::string RequireText(std::string_view key, std::string_view hint = {});
  int64_t Int(std::string_view key, int64_t fallback, int64_t low = 0, int64_t high = INT32_MAX);
  double Number(std::string_view key, double fallback, double low, double high);
  bool Bool(std::string_view key, bool fallback);
  Duration Time(std::string_view key, Duration fallback);
  std::vector<Placed<std::string>> PlacedTexts(std::string_view key);
  std::vector<std::string> Texts(std::string_view key);
  std::map<std::string, std::string> TextMap(std::string_view key);
  jinja::Value Value(std::string_view key);  // undefined when absent
  // One of `words`; the result is its index.
  template <typename Enum>
  Placed<Enum> OneOf(std::string_view key, std::span<const std::string_view> words, Enum fallback) {
    const auto [index, span] = WordIndex(key, words, static_cast<size_t>(fallback));
    return {static_cast<Enum>(index), span};
  }
  void Ignore(std::string_view key) { Find(key); }
  void IgnoreRest() { rest_known_ = true; }
  void Finish();

 private:
  std::pair<size_t, Span> WordIndex(std::string_view key, std::span<const std::string_view> words, size_t fallback);

  Reader& reader_;
  const yaml::Node& node_;
  std::string what_;
  std::vector<std::string> known_;
  bool rest_known_ = false;
};

}  // namespace stir::platform
