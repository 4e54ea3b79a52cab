// Templates as JSON lines: for programs that want the language without a project, and for comparisons with other
// implementations of it.
#include "jinja/json_lines.h"

#include <array>
#include <functional>
#include <map>

#include <fmt/format.h>

#include "base/json.h"
#include "jinja/json_text.h"
#include "jinja/kinds.h"
#include "jinja/template.h"

namespace stir::jinja {
namespace {

// A line's own map from sources to texts: a long stream of lines must not grow the session's.
class Line final : public Scope, public TemplateLoader {
 public:
  explicit Line(const Value& request) : request_(request) {}

  std::string Answer() {
    const Result<std::string> answer = Run();
    if (answer.ok()) return "{\"output\": " + *answer + "}\n";
    const Diagnostic& error = answer.error().front();
    std::string out = "{\"error\": {\"kind\": ";
    AppendJsonString(out, PythonClass(error.kind));
    out += ", \"message\": ";
    AppendJsonString(out, error.message);
    const bool has_place = static_cast<bool>(error.span);
    return out +
           fmt::format(", \"line\": {}}}}}\n",
                       has_place ? std::to_string(sources_.Locate(error.span.source, error.span.begin).line) : "null");
  }

  bool Lookup(std::string_view name, Value& value) override {
    const Value* found = context_.IsDict() ? context_.AsDict().Find(name) : nullptr;
    if (found) value = *found;
    return found != nullptr;
  }

  Result<std::shared_ptr<const Template>> Load(std::string_view name) override {
    if (auto known = loaded_.find(name); known != loaded_.end()) return known->second;
    const Value* text = templates_.AsDict().Find(name);
    if (!text || !text->IsString()) return std::shared_ptr<const Template>();
    STIR_ASSIGN(std::shared_ptr<const Template> parsed, Parse(std::string(name), std::string(text->AsString())));
    return loaded_.emplace(name, parsed).first->second;
  }

 private:
  static Diagnostic Refusal(std::string message) { return {kTemplateValue, std::move(message)}; }

  const Value* Member(std::string_view name) const {
    return request_.IsDict() ? request_.AsDict().Find(name) : nullptr;
  }

  Result<std::shared_ptr<const Template>> Parse(std::string name, std::string text) {
    const SourceId source = sources_.Add(std::move(name), text);
    return Template::Parse(std::move(text), {source, 0, true, {}}, syntax_);
  }

  // The output as JSON.
  Result<std::string> Run() {
    const Value* text = Member("template");
    if (!text || !text->IsString()) return Refusal("a line is an object with a text `template`");
    if (const Value* options = Member("options"); options && !options->IsNone()) STIR_TRY(ReadOptions(*options));
    STIR_ASSIGN(const std::shared_ptr<const Template> parsed, Parse("<template>", std::string(text->AsString())));
    if (const Value* context = Member("context"); context && !context->IsNone()) context_ = *context;
    if (!context_.IsUndefined() && !context_.IsDict()) return Refusal("`context` is not an object");
    if (native_) {
      STIR_ASSIGN(const Value value, RenderNative(*parsed, *this, render_));
      return JsonText(value, {.any_value = true});
    }
    STIR_ASSIGN(const std::string output, Render(*parsed, *this, render_));
    std::string json;
    AppendJsonString(json, output);
    return json;
  }

  // --- options: those of Jinja2's Environment, by its names

  Status ReadOptions(const Value& options) {
    if (!options.IsDict()) return Refusal("`options` is not an object");
    for (const auto& [name, value] : options.AsDict().entries()) {
      if (value.IsNone()) continue;
      STIR_TRY(ReadOption(name.AsString(), value));
    }
    return {};
  }

  Status ReadOption(std::string_view name, const Value& value) {
    const std::map<std::string_view, bool*> flags{
        {"trim_blocks", &syntax_.trim_blocks}, {"lstrip_blocks", &syntax_.lstrip_blocks},
        {"autoescape", &render_.autoescape},   {"keep_trailing_newline", &syntax_.keep_trailing_newline},
        {"sandboxed", &render_.sandboxed},     {"native", &native_},
    };
    const std::map<std::string_view, std::string*> texts{
        {"block_start_string", &syntax_.block_start},
        {"block_end_string", &syntax_.block_end},
        {"variable_start_string", &syntax_.variable_start},
        {"variable_end_string", &syntax_.variable_end},
        {"comment_start_string", &syntax_.comment_start},
        {"comment_end_string", &syntax_.comment_end},
        {"newline_sequence", &syntax_.newline_sequence},
        {"line_statement_prefix", &syntax_.line_statement_prefix},
        {"line_comment_prefix", &syntax_.line_comment_prefix},
    };
    if (auto flag = flags.find(name); flag != flags.end()) return *flag->second = value.Truthy(), Status();
    if (auto text = texts.find(name); text != texts.end()) {
      const bool is_prefix = name.ends_with("_prefix");
      if (!value.IsString() || (value.AsString().empty() && !is_prefix))
        return Refusal(fmt::format("the option `{}` is not a text", name));
      return *text->second = std::string(value.AsString()), Status();
    }
    if (name == "delimiters") return ReadOptions(value);
    if (name == "undefined") return ReadUndefined(value);
    if (name == "extensions") return ReadExtensions(value);
    if (name != "templates") return Refusal(fmt::format("there is no option `{}`", name));
    if (!value.IsDict()) return Refusal("the option `templates` is not an object");
    templates_ = value;
    render_.loader = this;
    return {};
  }

  Status ReadUndefined(const Value& value) {
    using enum UndefinedPolicy;
    constexpr std::array<std::pair<std::string_view, UndefinedPolicy>, 8> kNames{{{"default", kDefault},
                                                                                  {"Undefined", kDefault},
                                                                                  {"strict", kStrict},
                                                                                  {"StrictUndefined", kStrict},
                                                                                  {"chainable", kChainable},
                                                                                  {"ChainableUndefined", kChainable},
                                                                                  {"debug", kDebug},
                                                                                  {"DebugUndefined", kDebug}}};
    for (const auto& [name, policy] : kNames) {
      if (value.IsString() && value.AsString() == name) return render_.undefined = policy, Status();
    }
    return Refusal("the option `undefined` is one of default, strict, chainable, debug");
  }

  Status ReadExtensions(const Value& value) {
    if (!value.IsSequence()) return Refusal("the option `extensions` is not a list");
    for (const Value& each : value.Items()) {
      std::string_view name = each.IsString() ? each.AsString() : "";
      if (constexpr std::string_view kPackage = "jinja2.ext."; name.starts_with(kPackage))
        name.remove_prefix(kPackage.size());
      if (name == "do") {
        syntax_.do_tag = true;
      } else if (name == "loopcontrols") {
        syntax_.loop_controls = true;
      } else if (name == "debug") {
        syntax_.debug_tag = true;
      } else if (name != "with_" && name != "autoescape") {
        return Refusal(fmt::format("there is no extension `{}`: do, loopcontrols and debug are built in", name));
      }
    }
    return {};
  }

  static Syntax PlainSyntax() {
    Syntax syntax;
    syntax.do_tag = syntax.loop_controls = syntax.typed_parameters = syntax.extra_filters = false;
    return syntax;
  }
  static RenderOptions PlainRender() {
    RenderOptions options;
    options.sandboxed = options.keeps_plain = false;
    options.native_style = NativeStyle::kLiteral;
    return options;
  }

  const Value& request_;
  Value context_, templates_;
  Syntax syntax_ = PlainSyntax();
  RenderOptions render_ = PlainRender();
  bool native_ = false;
  SourceMap sources_;
  std::map<std::string, std::shared_ptr<const Template>, std::less<>> loaded_;
};

}  // namespace

std::string AnswerLine(std::string_view line) {
  const Result<Value> request = ParseJson(line);
  if (request.ok()) return Line(*request).Answer();
  std::string out = R"({"error": {"kind": "JSONDecodeError", "message": )";
  AppendJsonString(out, request.error().front().message);
  return out + ", \"line\": null}}\n";
}

}  // namespace stir::jinja
