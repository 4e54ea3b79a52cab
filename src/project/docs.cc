// A block is found in the package that is named, else in the root project, the node's own package, then anywhere.
#include "project/docs.h"

#include <array>

#include "base/strings.h"
#include "jinja/template.h"
#include "project/blocks.h"
#include "project/kinds.h"
#include "project/yaml_values.h"

namespace stir::project {

namespace {

using jinja::Value;

constexpr std::array<std::string_view, 1> kDocBlocks{"docs"};

// The scope of descriptions: doc() and nothing else.
class DocScope final : public jinja::Scope {
 public:
  explicit DocScope(Value doc) : doc_(std::move(doc)) {}
  bool Lookup(std::string_view name, Value& value) override {
    if (name != "doc") return false;
    value = doc_;
    return true;
  }

 private:
  Value doc_;
};

// A block may hold Jinja, but knows no names.
Result<std::string> Contents(const Block& block) {
  if (!HasJinja(block.contents)) return std::string(Strip(block.contents));
  STIR_ASSIGN(auto parsed,
              jinja::Template::Parse(std::string(block.contents),
                                     jinja::Origin{block.span.source, block.contents_begin, true, block.span}));
  DocScope nothing(Value::Undefined("doc"));
  STIR_ASSIGN(std::string text, jinja::Render(*parsed, nothing));
  return std::string(Strip(text));
}

}  // namespace

std::vector<DocBlock> ReadDocs(std::string_view text, SourceId source, std::string_view package, std::string_view path,
                               std::string_view folder, Diagnostics& errors) {
  const std::vector<Block> blocks = FindBlocks(text, source, kDocBlocks, errors);
  std::vector<DocBlock> docs;
  for (const Block& block : blocks) {
    std::string contents;
    if (Result<std::string> read = Contents(block); read.ok()) {
      contents = *std::move(read);
    } else {
      Append(errors, std::move(read).error());
    }
    docs.push_back({std::string(block.name), std::string(package), std::string(path), std::string(folder),
                    std::move(contents), block.span});
  }
  return docs;
}

DocIndex::DocIndex(std::vector<DocBlock> blocks, std::string root, Diagnostics& errors)
    : blocks_(std::move(blocks)), root_(std::move(root)) {
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const DocBlock& block = blocks_[i];
    const auto [other, fresh] = by_key_.emplace(block.package + "." + block.name, i);
    if (!fresh) {
      errors.push_back(Diagnostic(kDuplicateName, "two docs blocks have the name `" + block.name + "`", block.span)
                           .With({blocks_[other->second].span, "the other one"}));
    }
    by_name_[block.name].push_back(i);
  }
}

const DocBlock* DocIndex::Find(std::string_view package, std::string_view name, std::string_view from) const {
  auto in = [&](std::string_view where) -> const DocBlock* {
    auto found = by_key_.find(std::string(where) + "." + std::string(name));
    return found == by_key_.end() ? nullptr : &blocks_[found->second];
  };
  if (!package.empty()) return in(package);
  if (const DocBlock* root = in(root_)) return root;
  if (const DocBlock* own = in(from)) return own;
  auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &blocks_[found->second.front()];
}

Result<DocIndex::Rendered> DocIndex::Render(const yaml::Node& description, std::string_view package) const {
  if (!HasJinja(description.text)) return Rendered{description.text, {}};
  Rendered rendered;
  DocScope scope(
      jinja::MakeFunction("doc", [&](jinja::CallContext&, const jinja::Arguments& arguments) -> Result<Value> {
        const auto names = arguments.positional;
        const bool texts = !names.empty() && names.size() <= 2 && names[0].IsString() && names.back().IsString();
        if (!texts) return Diagnostic(kBadCall, "`doc` takes the name of a docs block, or a package's and a block's");
        const DocBlock* block = Find(names.size() == 2 ? names[0].AsString() : "", names.back().AsString(), package);
        if (!block) {
          std::vector<std::string> known;
          for (const DocBlock& each : blocks_) known.push_back(each.name);
          return Diagnostic(kDocNotFound, "docs block `" + std::string(names.back().AsString()) + "` not found")
              .Hint(DidYouMean(names.back().AsString(), known));
        }
        rendered.uses.push_back("doc." + block->package + "." + block->name);
        return Value::String(block->contents);
      }));
  STIR_ASSIGN(auto parsed, TemplateOf(description));
  STIR_ASSIGN(rendered.text, jinja::Render(*parsed, scope));
  return rendered;
}

}  // namespace stir::project
