// Text in, text out: templates are parsed once (immutable, shareable between threads) and rendered against a Scope that
// supplies every name the template does not define itself. Knows nothing of dbt.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/source_map.h"
#include "jinja/value.h"

namespace stir::jinja {

// A block tag that defines a macro in another spelling, such as {% test name(args) %}...{% endtest %} or
// {% materialization view, adapter='x' %}. `macro_name` gets the name and the literal keyword arguments after a comma.
struct MacroTag {
  std::string tag;  // "test"; the end tag is "end" + tag
  std::function<Result<std::string>(std::string_view name, const std::vector<std::pair<std::string, Value>>& keywords)>
      macro_name;
};

struct Syntax {
  std::string block_start = "{%", block_end = "%}", variable_start = "{{", variable_end = "}}";
  std::string comment_start = "{#", comment_end = "#}", line_statement_prefix, line_comment_prefix;
  std::string newline_sequence = "\n";  // what every line end of the text becomes
  bool trim_blocks = false, lstrip_blocks = false, keep_trailing_newline = false;
  bool do_tag = true, loop_controls = true,
       debug_tag = false;        // Jinja2's extensions: `do`, `break` and `continue`, `debug`
  bool typed_parameters = true;  // {% macro m(a: str) %}, as dbt reads signatures
  bool extra_filters = true;     // dbt's: as_text, as_bool, as_native, as_number, is_list
  std::vector<MacroTag> macro_tags;
};

// Where a template's text stands in a source: offset i of the text is offset base + i of the source when `verbatim`,
// else every place is shown as `whole`.
struct Origin {
  SourceId source;
  uint32_t base = 0;
  bool verbatim = true;
  Span whole;
};

struct Parameter {
  std::string name;
  std::string default_source;  // the default's own text, empty without one
  bool has_default = false;
};

struct MacroDefinition {
  std::string name;
  std::vector<Parameter> parameters;
  Span span;  // from its opening tag to its closing tag
  Span name_span;
};

// A call seen in the template's text, found without rendering (also in branches that do not run).
struct CallSite {
  std::string callee;  // dotted: "ref", "config.get", "dbt_utils.star"
  Span span;           // the whole call
  struct Argument {
    std::string keyword;  // empty: positional
    std::string source;   // the argument's own text
    Value literal;        // its value when it is a literal (also lists and dicts of literals), else undefined
  };
  std::vector<Argument> arguments;
};

class CompiledTemplate;  // the parsed form; template.cc and evaluator.cc

class Template {
 public:
  // Syntax errors carry Jinja2's message and the place. The template keeps `text` alive.
  static Result<std::shared_ptr<const Template>> Parse(std::string text, Origin origin, const Syntax& syntax = {});

  const std::vector<MacroDefinition>& macros() const;  // top-level macros
  std::vector<CallSite> Calls() const;
  std::vector<std::string> Callees() const;  // of the same calls in the same order; far cheaper
  // The value of a template that is one literal in a print statement: {{ [1, 'a'] }}.
  std::optional<Value> Literal() const;
  // True when the text has no expression, statement or comment: rendering returns it as it is.
  bool is_plain() const;
  const CompiledTemplate& compiled() const { return *compiled_; }

  explicit Template(std::shared_ptr<const CompiledTemplate> compiled) : compiled_(std::move(compiled)) {}

 private:
  std::shared_ptr<const CompiledTemplate> compiled_;
};

// Supplies names that a template does not define itself (globals, macros of the project, built-ins of the host).
// Jinja's own globals (range, dict, namespace, ...) are found after it. Called once per name and render: cache what is
// dear.
class Scope {
 public:
  virtual ~Scope() = default;
  // Sets `value` and returns true when the name is known.
  virtual bool Lookup(std::string_view name, Value& value) = 0;
  // A macro of its own (MakeMacro) is called: its Value::Identity, and how many such macros the call stands in.
  virtual void MacroCalled(const void* /*macro*/, size_t /*depth*/) {}
};

// How names and attributes that do not exist behave: kDefault prints as '' and fails when used; kLenient swallows
// attribute access, items and calls (dbt's parse phase); kChainable attribute access and items; kDebug prints what was
// asked for; kStrict fails at once.
enum class UndefinedPolicy : uint8_t { kDefault, kLenient, kStrict, kChainable, kDebug };

// Finds the templates that a template names: {% include %}, {% import %}, {% extends %}.
class TemplateLoader {
 public:
  virtual ~TemplateLoader() = default;
  // Null when there is none of that name. Asked for each statement that runs: keep what is parsed.
  virtual Result<std::shared_ptr<const Template>> Load(std::string_view name) = 0;
};

// What becomes of the pieces that a native template writes: kText joins several as text and keeps one alone as it is
// (dbt's YAML); kLiteral then reads the text as a Python literal, where it is one (Jinja2's NativeEnvironment).
enum class NativeStyle : uint8_t { kText, kLiteral };

struct Limits {
  uint32_t depth = 1000;  // nested calls
  uint64_t output_bytes = 1ULL << 30;
  int64_t range = 100000;
};

// Which piece of output came from which place of which template: the way back from compiled SQL to the user's file.
struct OutputPiece {
  size_t begin = 0;  // offset in the output
  Span span;  // the text or expression that wrote it (the outermost frame that is not a macro comes first in `trace`)
  std::vector<TraceFrame> trace;
};

struct RenderOptions {
  UndefinedPolicy undefined = UndefinedPolicy::kDefault;
  Limits limits;
  std::vector<OutputPiece>* pieces = nullptr;  // filled when given
  bool autoescape = false;                     // what is printed is escaped for HTML, unless it is marked as safe
  bool sandboxed = true;                       // no attributes that begin with `_`, no `range` beyond limits.range
  bool keeps_plain = true;                     // a text without any tag is its own output, its last line end included
  NativeStyle native_style = NativeStyle::kText;
  TemplateLoader* loader = nullptr;  // null: templates cannot name others
};

// What a callee can ask of the render that calls it.
class CallContext {
 public:
  virtual ~CallContext() = default;
  virtual Scope& scope() = 0;
  virtual Span call_span() const = 0;                 // where the call stands
  virtual std::vector<TraceFrame> Trace() const = 0;  // running macros and where they were called, innermost first
  virtual UndefinedPolicy undefined_policy() const = 0;
  virtual Result<Value> Call(const Value& callee, const Arguments& arguments) = 0;
  virtual Result<Value> GetAttribute(const Value& value, std::string_view name) = 0;
  virtual Result<Value> GetItem(const Value& value, const Value& key) = 0;
  virtual Result<std::unique_ptr<Iterator>> Iterate(const Value& value) = 0;
  // Ends the innermost running macro with this value, from any depth inside it (loops, call blocks). A callee returns
  // `context.ReturnFromMacro(v)`; the engine unwinds. Outside a macro it ends the template.
  virtual Result<Value> ReturnFromMacro(Value value) = 0;
  // Renders another template with the same scope and trace.
  virtual Result<std::string> RenderNested(const Template& nested) = 0;
};

Result<std::string> Render(const Template& source, Scope& scope, const RenderOptions& options = {});
// Native rendering (dbt's YAML): one expression keeps its value, several pieces join as text.
Result<Value> RenderNative(const Template& source, Scope& scope, const RenderOptions& options = {});
// A callable for a top-level macro of `source`. It takes its globals from the scope of whoever calls it, so one value
// serves all nodes and threads. `full_name` appears in traces.
Value MakeMacro(std::shared_ptr<const Template> source, size_t macro_index, std::string full_name);
// Calls a value from the host (a materialization, a test macro, a hook).
Result<Value> CallValue(const Value& callee, const Arguments& arguments, Scope& scope,
                        const RenderOptions& options = {});

}  // namespace stir::jinja
