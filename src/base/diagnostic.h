// What went wrong, as data: kind, message, the user's own place, labels, macro trace, hint. A Diagnostic is never text
// until `cli` or `server` shows it (diagnostic_text.h). The vocabulary types of base live in namespace stir itself.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stir {

// Identifies one text in a SourceMap. 0 means "no source".
struct SourceId {
  uint32_t value = 0;
  explicit operator bool() const { return value != 0; }
  bool operator==(const SourceId&) const = default;
};

// Half-open range of byte offsets in one source. Lines and columns are computed only when shown.
struct Span {
  SourceId source;
  uint32_t begin = 0;
  uint32_t end = 0;
  explicit operator bool() const { return static_cast<bool>(source); }
  bool operator==(const Span&) const = default;
};

enum class Severity : uint8_t { kNote, kWarning, kError };

// Whose fault and which phase: decides dbt's heading ("Compilation Error"), its exception class and the exit code.
enum class Category : uint8_t {
  kUsage,
  kConfig,
  kParsing,
  kCompilation,
  kDependency,
  kDatabase,
  kRuntime,
  kIo,
  kInternal
};

// One kind of error. Kinds are constants in each room's kinds.h (`inline constexpr Kind kRefNotFound{"ref-not-found",
// ...}`): together they are the registry; tools/check_kinds holds them unique and the err_ cases exercise them.
struct Kind {
  std::string_view name;
  Category category;
  bool operator==(const Kind& other) const { return name == other.name; }
};

struct Label {
  Span span;
  std::string text;
};

// One frame of a macro (or include) stack, innermost first.
struct TraceFrame {
  std::string name;
  Span span;
};

// The event that dbt has for what a warning says, for those who read dbt's: its words, and data as a JSON object. Of an
// error only the words, where they are not made of the diagnostic's own.
struct DbtEvent {
  std::string code = {}, name = {}, message = {}, data = "{}";
  explicit operator bool() const { return !code.empty(); }
};

struct Diagnostic {
  Severity severity = Severity::kError;
  Kind kind;
  std::string message;  // lower case, no full stop, `code` in backticks
  Span span;            // primary place; may be empty when there is no text to point at
  std::string subject;  // what it is about when there is no span: a path, a node's unique id, a connection
  std::vector<Label> labels;
  std::vector<TraceFrame> trace;
  std::string hint;            // what to do
  int64_t engine_offset = -1;  // for an engine's error: byte offset in the statement it was given, when it told one
  DbtEvent dbt;                // empty: dbt has no event for it

  Diagnostic(Kind k, std::string text, Span where = {}) : kind(k), message(std::move(text)), span(where) {}
  Diagnostic&& Hint(std::string text) && {
    hint = std::move(text);
    return std::move(*this);
  }
  Diagnostic&& About(std::string what) && {
    subject = std::move(what);
    return std::move(*this);
  }
  Diagnostic&& With(Label label) && {
    labels.push_back(std::move(label));
    return std::move(*this);
  }
  Diagnostic&& InDbt(DbtEvent event) && {
    dbt = std::move(event);
    return std::move(*this);
  }
  Diagnostic&& As(Severity level) && {
    severity = level;
    return std::move(*this);
  }
};

// One or more diagnostics; never empty when carried by a failed Result.
using Diagnostics = std::vector<Diagnostic>;

}  // namespace stir
