#include "runtime/failure.h"

#include <algorithm>
#include <span>

#include <fmt/format.h>

#include "adapter/kinds.h"
#include "base/strings.h"
#include "jinja/kinds.h"
#include "project/kinds.h"
#include "runtime/mapped_text.h"
#include "runtime/node_run.h"

namespace stir::runtime {

namespace {

bool IsWord(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// The word at `offset` of the compiled text, as a place in the file that it was copied from.
Span WordPlace(const CompiledNode& compiled, const FoundPiece& found, size_t offset) {
  size_t end = offset;
  while (end < compiled.sql.size() && IsWord(compiled.sql[end])) ++end;
  const size_t inside = offset - found.piece->begin;
  const size_t length = std::min(std::max<size_t>(end - offset, 1), found.length - inside);
  const auto begin = found.piece->span.begin + static_cast<uint32_t>(inside);
  return {found.piece->span.source, begin, begin + static_cast<uint32_t>(length)};
}

// The innermost place that the user wrote, if any.
Span UserPlace(const RunState& state, Span span, const std::vector<TraceFrame>& trace) {
  if (span && !state.IsBuiltIn(span.source)) return span;
  for (const TraceFrame& frame : trace)
    if (frame.span && !state.IsBuiltIn(frame.span.source)) return frame.span;
  return {};
}

// The offset in the compiled SQL that an error in `statement` speaks of.
std::optional<size_t> CompiledOffset(const Diagnostic& error, const CompiledNode& compiled,
                                     const std::string& statement) {
  if (error.engine_offset < 0 || compiled.sql.empty()) return std::nullopt;
  const size_t begin = statement.find(compiled.sql);
  const auto offset = static_cast<size_t>(error.engine_offset);
  if (begin == statement.npos || offset < begin || offset > begin + compiled.sql.size()) return std::nullopt;
  return std::min(offset - begin, compiled.sql.size() - 1);
}

void PlaceEngineError(Diagnostic& error, NodeRun& run) {
  if (const Span hook = run.HookOf(run.session().failed_sql())) {
    error.span = hook;
    return;
  }
  if (!run.compiled()) return;
  const RunState& state = run.state();
  const auto offset = CompiledOffset(error, *run.compiled(), run.session().failed_sql());
  if (!offset) return;
  const FoundPiece found = FindPiece(*run.compiled(), *offset);
  if (!found.piece) return;
  const bool own = found.piece->span && !state.IsBuiltIn(found.piece->span.source);
  error.span = own && found.verbatim() ? WordPlace(*run.compiled(), found, *offset)
                                       : UserPlace(state, found.piece->span, found.piece->trace);
  error.trace = found.piece->trace;
}

bool IsDatabaseError(const Diagnostic& error, const adapter::Dialect& dialect) {
  return error.kind.category == Category::kDatabase && dialect.has_database_errors;
}

std::string_view Heading(const Diagnostic& error, const adapter::Dialect& dialect) {
  if (error.kind == project::kRaisedFailFast) return "FailFast Error";
  switch (error.kind.category) {
    case Category::kCompilation:
      return "Compilation Error";
    case Category::kParsing:
      return "Parsing Error";
    case Category::kDependency:
      return "Dependency Error";
    case Category::kDatabase:
      return dialect.has_database_errors ? "Database Error" : "Runtime Error";
    default:
      return "Runtime Error";
  }
}

// "model orders (models/orders.sql)": the node, or what of it the error is about.
std::string Who(const Diagnostic& error, const project::Node& node) {
  if (error.subject.ends_with(')')) return error.subject;
  return fmt::format("{} {} ({})", project::ResourceTypeName(node.type), node.name, node.original_file_path);
}

// That a macro was called with what it does not take.
bool IsRefusal(const Diagnostic& error) {
  return error.kind == jinja::kTemplateType && error.message.starts_with("macro ");
}

// What was probably meant by a name that nothing defines.
std::string NameHint(const Diagnostic& error, NodeRun& run) {
  constexpr std::string_view kEnd = "' is undefined";
  const std::string_view message = error.message;
  if (!(error.kind == jinja::kTemplateUndefined) || !message.starts_with('\'') || !message.ends_with(kEnd)) return {};
  const std::string_view name = message.substr(1, message.size() - kEnd.size() - 1);
  const project::MacroIndex& macros = run.state().manifest().macros();
  if (name.starts_with("test_")) return DidYouMean(name.substr(5), macros.GenericTestNames());
  std::vector<std::string> known = macros.Names(run.node().package);
  known.insert(known.end(),
               {"target", "this", "ref", "source", "config", "var", "env_var", "execute", "adapter", "modules"});
  const std::string nearest = DidYouMean(name, known);
  return nearest.empty() ? "no macro, package or variable has this name: is a package missing in the project?"
                         : nearest;
}

// What to do about a seed whose file and table do not fit. The engine names the column and the type.
std::string SeedHint(const Diagnostic& error, const project::Node& node) {
  if (node.type != project::ResourceType::kSeed) return {};
  const auto says = [&](std::string_view words) { return error.message.find(words) != std::string::npos; };
  if (says("Could not convert string"))
    return "dbt's rules gave the column its type: name another one under `column_types` in the seed's configuration "
           "(`bigint`, `text`), or correct the value";
  if (says("sniffing file"))
    return "rows of another length than the table has columns? `--full-refresh` makes the table anew from the file";
  return {};
}

}  // namespace

bool IsOfPython(const Kind& kind) {
  return kind == jinja::kTemplateValue || kind == jinja::kTemplateKey || kind == jinja::kTemplateIndex ||
         kind == jinja::kTemplateAttribute || kind == jinja::kTemplateAssert || kind == jinja::kTemplateZeroDivision ||
         kind == jinja::kTemplateOverflow || kind == jinja::kTemplateRecursion || kind == jinja::kTemplateIteration;
}

std::string DbtTrace(const Diagnostic& error, const project::Manifest& manifest, std::string_view package) {
  if (error.kind.category != Category::kCompilation || IsOfPython(error.kind)) return {};
  std::span<const TraceFrame> frames = error.trace;
  if (jinja::IsOfTemplates(error.kind) && !IsRefusal(error) && !frames.empty()) frames = frames.subspan(1);
  std::string text;
  for (const TraceFrame& frame : frames) {
    const project::Macro* macro = manifest.macros().Resolve(package, frame.name);
    if (!macro) {  // of a package, called by its full name
      const auto named = std::ranges::find(manifest.macros().all(), frame.name, &project::Macro::name);
      if (named != manifest.macros().all().end()) macro = &*named;
    }
    const std::string where = macro ? fmt::format(" ({})", macro->path) : "";
    text += fmt::format("\n> {} macro {}{}", text.empty() ? "in" : "called by", frame.name, where);
  }
  return text;
}

std::string DbtWords(const Diagnostic& error) {
  if (error.kind == project::kWarningAsError) return "[WARNING]: " + error.message;
  // The name that dbt gives to a macro in a template.
  constexpr std::string_view kMacro = "macro '";
  if (IsRefusal(error) && error.message.starts_with(kMacro))
    return fmt::format("{}dbt_macro__{}", kMacro, error.message.substr(kMacro.size()));
  const bool undefined =
      error.message.ends_with("' is undefined") || error.message.find("' has no attribute '") != std::string::npos;
  if (!(error.kind == jinja::kTemplateUndefined) || !undefined || !error.trace.empty()) return error.message;
  return error.message +
         ". This can happen when calling a macro that does not exist. Check for typos and/or install package "
         "dependencies with \"dbt deps\".";
}

void PlaceErrors(Diagnostics& errors, NodeRun& run) {
  for (Diagnostic& error : errors) {
    if (error.hint.empty()) error.hint = NameHint(error, run);
    if (error.hint.empty()) error.hint = SeedHint(error, run.node());
    const bool by_engine = error.kind.category == Category::kDatabase;
    if (!error.span || run.state().IsBuiltIn(error.span.source)) error.span = UserPlace(run.state(), {}, error.trace);
    if (by_engine) PlaceEngineError(error, run);
    if (!error.span) error.span = run.node().span;
    std::erase_if(error.trace, [&](const TraceFrame& frame) {
      return by_engine && (!frame.span || run.state().IsBuiltIn(frame.span.source));
    });
    if (error.subject.empty()) error.subject = error.span ? run.node().unique_id : run.node().original_file_path;
  }
}

std::string FailureMessage(const Diagnostics& errors, const RunState& state, const project::Node& node,
                           const std::string& run_file) {
  std::string message;
  for (const Diagnostic& error : errors) {
    std::string text = DbtWords(error);
    if (IsDatabaseError(error, state.dialect())) {
      if (!error.hint.empty()) text += "\nHINT:  " + error.hint;
      if (!run_file.empty()) text += "\ncompiled code at " + run_file;
    }
    const std::string trace = DbtTrace(error, state.manifest(), node.package);
    if (!trace.empty()) text += fmt::format("\n{}\n> called by {}", trace, Who(error, node));
    if (!message.empty()) message += "\n";
    message += fmt::format("{} in {}\n  {}", Heading(error, state.dialect()), Who(error, node),
                           ReplaceAll(text, "\n", "\n  "));
  }
  return message;
}

}  // namespace stir::runtime
