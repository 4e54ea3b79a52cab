// libyaml's events composed into nodes in one pass: aliases, merge keys and duplicate keys are settled as each
// collection ends, so a finished node never changes.
#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <limits>
#include <unordered_map>

#include "base/json.h"
#include "base/strings.h"
#include "yaml/kinds.h"
#include "yaml/node.h"
#include "yaml/offsets.h"
#include "yaml/resolver.h"
#include "yaml/syntax_error.h"

namespace stir::yaml {
namespace {

using NodePtr = std::shared_ptr<const Node>;

constexpr size_t kDeepest = 200;
constexpr uint64_t kMostNodes = 10'000'000;
constexpr std::string_view kTagPrefix = "tag:yaml.org,2002:";

class Parser {
 public:
  explicit Parser(std::string_view text) {
    if (yaml_parser_initialize(&parser_) == 0) throw std::bad_alloc();
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() { yaml_parser_delete(&parser_); }
  bool Next(yaml_event_t& event) { return yaml_parser_parse(&parser_, &event) != 0; }
  const yaml_parser_t& raw() const { return parser_; }

 private:
  yaml_parser_t parser_;
};

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw_); }
  yaml_event_t& raw() { return raw_; }

 private:
  yaml_event_t raw_{};
};

std::string_view View(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : std::string_view(reinterpret_cast<const char*>(text));
}

// What makes two keys the same key: as in Python, `yes`, `true` and `1` are one.
std::string Identity(const Node& key) {
  switch (key.type) {
    case Type::kString:
      return "s" + key.text;
    case Type::kNull:
      return "n";
    case Type::kBool:
      return key.boolean ? "i1" : "i0";
    case Type::kInt:
      return key.big ? "i" + key.text : fmt::format("i{}", key.integer);
    case Type::kFloat:
      return fmt::format("i{}", key.real);
    default:
      return "d" + key.text;
  }
}

class Composer {
 public:
  Composer(const SourceMap& sources, SourceId source)
      : sources_(sources), text_(sources.Text(source)), source_(source), offsets_(text_), parser_(text_) {}

  Result<Document> Run() {
    while (!failed() && !ended_) Step();
    if (failed()) return std::move(errors_);
    if (document_.root == nullptr) {
      auto nothing = std::make_shared<Node>();
      nothing->span.source = source_;
      document_.root = std::move(nothing);
    }
    return std::move(document_);
  }

 private:
  // A collection that is not finished; its children lie on children_ from `first` on. For a mapping `key` waits for its
  // value.
  struct Open {
    std::shared_ptr<Node> node;
    size_t first = 0;
    std::string anchor;
    NodePtr key;
    bool key_merges = false;
    std::vector<Entry> merged;
    uint64_t weight = 1;
  };
  struct Anchored {
    NodePtr node;  // null while it is being built
    uint64_t weight = 0;
  };

  bool failed() const { return !errors_.empty(); }
  void Fail(Diagnostic diagnostic) { errors_.push_back(std::move(diagnostic)); }

  Span SpanOf(const yaml_event_t& event) const {
    return {source_, offsets_.ByteOf(event.start_mark.index), offsets_.ByteOf(event.end_mark.index)};
  }

  void Step() {
    Event event;
    if (!parser_.Next(event.raw())) return FailSyntax();
    const yaml_event_t& raw = event.raw();
    switch (raw.type) {
      case YAML_SCALAR_EVENT:
        return OnScalar(raw);
      case YAML_ALIAS_EVENT:
        return OnAlias(raw);
      case YAML_SEQUENCE_START_EVENT:
        return OnStart(raw, Type::kSequence, View(raw.data.sequence_start.anchor), View(raw.data.sequence_start.tag));
      case YAML_MAPPING_START_EVENT:
        return OnStart(raw, Type::kMapping, View(raw.data.mapping_start.anchor), View(raw.data.mapping_start.tag));
      case YAML_SEQUENCE_END_EVENT:
      case YAML_MAPPING_END_EVENT:
        return OnEnd(raw);
      case YAML_DOCUMENT_START_EVENT:
        return OnDocument(raw);
      case YAML_STREAM_END_EVENT:
        ended_ = true;
        return;
      default:
        return;
    }
  }

  void OnDocument(const yaml_event_t& event) {
    if (document_.root == nullptr) return;
    Fail(Diagnostic(kYamlSyntax, "a second document starts here", SpanOf(event))
             .Hint("keep one document in a file: remove this `---`"));
  }

  void OnScalar(const yaml_event_t& event) {
    const auto& scalar = event.data.scalar;
    auto node = std::make_shared<Node>();
    node->text.assign(reinterpret_cast<const char*>(scalar.value), scalar.length);
    node->span = SpanOf(event);
    node->quoted = scalar.style != YAML_PLAIN_SCALAR_STYLE;
    if (scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE || scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE) {
      ++node->span.begin;
      --node->span.end;
    }
    node->verbatim = text_.substr(node->span.begin, node->span.end - node->span.begin) == node->text;
    const bool merges = !node->quoted && node->text == "<<" && scalar.plain_implicit != 0;
    Anchor(View(scalar.anchor), event);
    if (!merges || !AtKey())
      Resolve(*node, View(scalar.tag), scalar.plain_implicit != 0);
    else
      node->type = Type::kString;
    if (!failed()) Add(std::move(node), View(scalar.anchor), 1, merges);
  }

  bool AtKey() const {
    return !open_.empty() && open_.back().node->type == Type::kMapping && open_.back().key == nullptr;
  }

  // By its tag, else by its form when it is plain.
  void Resolve(Node& node, std::string_view tag, bool plain) {
    Type type = Type::kString;
    if (tag.empty() || tag == "!") {
      if (plain) type = TypeOfPlain(node.text);
      const bool special = plain && (node.text == "=" || node.text == "<<") && !AtKey();
      if (special)
        return Fail(Diagnostic(kYamlValue, fmt::format("`{}` has a meaning of its own in YAML", node.text), node.span)
                        .Hint("put it in quotes"));
    } else if (!TypeOfTag(tag, node, type)) {
      return;
    }
    if (std::string wrong = SetValue(node, type); !wrong.empty()) {
      Fail(Diagnostic(kYamlValue, std::move(wrong), node.span).Hint("put it in quotes if it is meant as text"));
    }
  }

  bool TypeOfTag(std::string_view tag, const Node& node, Type& type) {
    const std::string_view name = tag.starts_with(kTagPrefix) ? tag.substr(kTagPrefix.size()) : std::string_view();
    const Type form = TypeOfPlain(node.text);
    if (name == "str")
      type = Type::kString;
    else if (name == "null")
      type = Type::kNull;
    else if (name == "int" && form == Type::kInt)
      type = form;
    else if (name == "bool" && form == Type::kBool)
      type = form;
    else if (name == "float" && (form == Type::kFloat || IsDecimal(node.text)))
      type = Type::kFloat;
    else if (name == "timestamp" && (form == Type::kDate || form == Type::kTimestamp))
      type = form;
    else if (name == "int" || name == "bool" || name == "float" || name == "timestamp") {
      Fail(Diagnostic(kYamlValue, fmt::format("`{}` is not a value of the type `!!{}`", node.text, name), node.span));
      return false;
    } else {
      FailTag(tag, node.span);
      return false;
    }
    return true;
  }

  void FailTag(std::string_view tag, const Span& span) {
    const bool standard = tag.starts_with(kTagPrefix);
    const std::string shown = standard ? "!!" + std::string(tag.substr(kTagPrefix.size())) : std::string(tag);
    Fail(Diagnostic(kYamlValue, fmt::format("the tag `{}` is not known here", shown), span)
             .Hint("leave the tag out, or put the whole value in quotes"));
  }

  void OnAlias(const yaml_event_t& event) {
    const std::string name(View(event.data.alias.anchor));
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      return Fail(Diagnostic(kYamlSyntax, fmt::format("there is no anchor `&{}` above", name), SpanOf(event))
                      .Hint("a plain value cannot start with `*`: put it in quotes if it is text"));
    }
    if (found->second.node == nullptr) {
      return Fail(Diagnostic(kYamlSyntax, fmt::format("`*{}` is inside of what it stands for", name), SpanOf(event)));
    }
    Add(found->second.node, {}, found->second.weight, false);
  }

  // Notes an anchor's name as soon as it is seen; its node follows when it is finished.
  void Anchor(std::string_view name, const yaml_event_t& event) {
    if (name.empty()) return;
    if (!anchors_.try_emplace(std::string(name)).second) {
      Fail(Diagnostic(kYamlSyntax, fmt::format("the anchor `&{}` is used twice", name), SpanOf(event))
               .Hint("give one of them another name"));
    }
  }

  void OnStart(const yaml_event_t& event, Type type, std::string_view anchor, std::string_view tag) {
    const std::string_view expected = type == Type::kSequence ? "tag:yaml.org,2002:seq" : "tag:yaml.org,2002:map";
    if (!tag.empty() && tag != "!" && tag != expected) return FailTag(tag, SpanOf(event));
    if (open_.size() == kDeepest) {
      return Fail(Diagnostic(kYamlLimit, fmt::format("nested more than {} levels deep", kDeepest), SpanOf(event)));
    }
    Anchor(anchor, event);
    open_.emplace_back();
    open_.back().first = children_.size();
    open_.back().node = std::make_shared<Node>();
    open_.back().node->type = type;
    open_.back().node->span = SpanOf(event);
    open_.back().anchor = anchor;
  }

  void OnEnd(const yaml_event_t& event) {
    Open open = std::move(open_.back());
    open_.pop_back();
    Node& node = *open.node;
    // A block collection's own end mark is where the next thing starts; its last child's is where it ends.
    const Span end = SpanOf(event);
    if (end.end > end.begin) node.span.end = end.end;
    if (node.type == Type::kMapping)
      FoldKeys(open);
    else
      TakeItems(open);
    if (!failed()) Add(std::move(open.node), open.anchor, open.weight, false);
  }

  // Moves the children into the vector that they stay in: one allocation of the right size.
  void TakeItems(const Open& open) {
    open.node->items.reserve(children_.size() - open.first);
    for (size_t i = open.first; i < children_.size(); ++i) open.node->items.push_back(std::move(children_[i].value));
    children_.resize(open.first);
  }

  void Add(NodePtr node, std::string_view anchor, uint64_t weight, bool merges) {
    if (!anchor.empty()) anchors_[std::string(anchor)] = {node, weight};
    if (open_.empty()) {
      document_.root = std::move(node);
      return;
    }
    Open& parent = open_.back();
    parent.weight += weight;
    if (parent.weight > kMostNodes)
      return Fail(Diagnostic(kYamlLimit, "aliases make this more than 10 million values", parent.node->span));
    parent.node->span.end = std::max(parent.node->span.end, node->span.end);
    if (parent.node->type == Type::kSequence) {
      children_.push_back({nullptr, std::move(node)});
    } else if (parent.key == nullptr) {
      SetKey(parent, std::move(node), merges);
    } else if (parent.key_merges) {
      Merge(parent, *node);
      parent.key = nullptr;
    } else {
      children_.push_back({std::move(parent.key), std::move(node)});
      parent.key = nullptr;
    }
  }

  void SetKey(Open& parent, NodePtr key, bool merges) {
    if (!key->IsScalar()) {
      const bool is_template =
          text_.substr(key->span.begin).starts_with("{") && key->span.begin > 0 && text_[key->span.begin - 1] == '{';
      Diagnostic wrong(kYamlSyntax,
                       is_template ? "a template must be in quotes here" : "a list or a mapping cannot be a key",
                       key->span);
      if (is_template) {
        --wrong.span.begin;  // its outer brace
        wrong.hint = QuoteTemplateHint();
      }
      return Fail(std::move(wrong));
    }
    parent.key = std::move(key);
    parent.key_merges = merges;
  }

  // In a list the first mapping wins, so they are laid down in reverse.
  void Merge(Open& parent, const Node& value) {
    const auto lay_down = [&](const Node& mapping) {
      parent.merged.insert(parent.merged.end(), mapping.entries.begin(), mapping.entries.end());
    };
    const bool list = value.IsSequence() && std::all_of(value.items.begin(), value.items.end(),
                                                        [](const NodePtr& item) { return item->IsMapping(); });
    if (value.IsMapping()) {
      lay_down(value);
    } else if (list) {
      for (auto item = value.items.rbegin(); item != value.items.rend(); ++item) lay_down(**item);
    } else {
      Fail(Diagnostic(kYamlValue, "`<<` takes a mapping or a list of mappings", value.span)
               .Hint("merge an anchor: `<<: *name`"));
    }
  }

  // Own keys after merged ones; of the same key the last value stands where the first one stood, as in a Python dict.
  void FoldKeys(Open& open) {
    std::vector<Entry> own(std::make_move_iterator(children_.begin() + static_cast<ptrdiff_t>(open.first)),
                           std::make_move_iterator(children_.end()));
    children_.resize(open.first);
    if (open.merged.empty() && own.size() <= kFewKeys && AllDifferentStrings(own)) {
      open.node->entries = std::move(own);
      return;
    }
    std::unordered_map<std::string, size_t> place;
    std::vector<Entry>& all = open.node->entries;
    const auto put = [&](Entry& entry) {
      const auto [found, fresh] = place.try_emplace(Identity(*entry.key), all.size());
      if (fresh)
        all.push_back(std::move(entry));
      else
        all[found->second].value = std::move(entry.value);
    };
    WarnOfDuplicates(own);
    for (Entry& entry : open.merged) put(entry);
    for (Entry& entry : own) put(entry);
  }

  static constexpr size_t kFewKeys = 16;

  static bool AllDifferentStrings(const std::vector<Entry>& entries) {
    for (size_t i = 0; i < entries.size(); ++i) {
      if (!entries[i].key->IsString()) return false;
      for (size_t j = 0; j < i; ++j) {
        if (entries[i].key->text == entries[j].key->text) return false;
      }
    }
    return true;
  }

  void WarnOfDuplicates(const std::vector<Entry>& entries) {
    std::unordered_map<std::string, const Node*> first;
    for (const Entry& entry : entries) {
      const auto [found, fresh] = first.try_emplace(Identity(*entry.key), entry.key.get());
      if (fresh) continue;
      document_.warnings.push_back(
          Diagnostic(kYamlDuplicateKey, fmt::format("the key `{}` is here twice: the last one counts", entry.key->text),
                     entry.key->span)
              .As(Severity::kWarning)
              .With({found->second->span, "first here"})
              .Hint("remove one of them")
              .InDbt(DuplicateKey(*entry.key)));
    }
  }

  DbtEvent DuplicateKey(const Node& key) const {
    const LineColumn place = sources_.Locate(source_, key.span.begin);
    const std::string file(sources_.Name(source_));
    std::string what = fmt::format("Duplicate key '{}' in \"<unicode string>\", line {}, column {}", key.text,
                                   place.line, place.column);
    std::string data = "{\"duplicate_description\": ";
    AppendJsonString(data, what);
    data += ", \"file\": ";
    AppendJsonString(data, file);
    return {"D024", "DuplicateYAMLKeysDeprecation", fmt::format("{} in file `{}`", what, file), data + "}"};
  }

  void FailSyntax() {
    const yaml_parser_t& raw = parser_.raw();
    if (raw.error == YAML_READER_ERROR) return FailBytes(raw);
    if (raw.error == YAML_MEMORY_ERROR) throw std::bad_alloc();
    const std::string_view problem = raw.problem == nullptr ? "not valid YAML" : raw.problem;
    const std::string_view context = raw.context == nullptr ? "" : raw.context;
    Fail(ExplainSyntax(
        {problem, offsets_.ByteOf(raw.problem_mark.index), context, offsets_.ByteOf(raw.context_mark.index)}, source_,
        text_));
  }

  void FailBytes(const yaml_parser_t& raw) {
    const auto at = static_cast<uint32_t>(std::min(raw.problem_offset, text_.size()));
    const auto byte = at < text_.size() ? static_cast<unsigned char>(text_[at]) : 0;
    const bool control = byte < 0x20 || byte == 0x7F || byte == 0xC2;
    Diagnostic wrong(
        kYamlEncoding,
        control ? "a control character is not allowed here" : fmt::format("byte 0x{:02X} is not UTF-8", byte),
        {source_, at, at + 1});
    wrong.hint = control ? "remove it, or write it as an escape in double quotes" : "save the file as UTF-8";
    Fail(std::move(wrong));
  }

  const SourceMap& sources_;
  const std::string_view text_;
  const SourceId source_;
  const Offsets offsets_;
  Parser parser_;
  std::vector<Open> open_;
  std::vector<Entry> children_;  // of all open collections; an item has no key
  std::unordered_map<std::string, Anchored> anchors_;
  Document document_;
  Diagnostics errors_;
  bool ended_ = false;
};

bool IsUtf16(std::string_view text) {
  return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF") ||
         (text.size() >= 2 && (text[0] == '\0') != (text[1] == '\0'));
}

}  // namespace

Result<Document> Parse(const SourceMap& sources, SourceId source) {
  const std::string_view text = sources.Text(source);
  if (IsUtf16(text)) {
    return Diagnostic(kYamlEncoding, "the file is UTF-16", {source, 0, 0}).Hint("save it as UTF-8");
  }
  if (text.size() > std::numeric_limits<uint32_t>::max()) {
    return Diagnostic(kYamlLimit, "the file is larger than 4 GB").About(std::string(sources.Name(source)));
  }
  return Composer(sources, source).Run();
}

}  // namespace stir::yaml
