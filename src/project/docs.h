// {% docs %} blocks and doc() in descriptions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "project/text_map.h"
#include "yaml/node.h"

namespace stir::project {

struct DocBlock {
  std::string name, package, path, folder;  // path below the package's root; folder: the configured one it stands in
  std::string contents;                     // rendered with no names at all, stripped
  Span span;
};

// Reads the blocks of one file.
std::vector<DocBlock> ReadDocs(std::string_view text, SourceId source, std::string_view package, std::string_view path,
                               std::string_view folder, Diagnostics& errors);

class DocIndex {
 public:
  DocIndex() = default;
  // Two blocks of one name in one package are an error.
  DocIndex(std::vector<DocBlock> blocks, std::string root, Diagnostics& errors);
  std::span<const DocBlock> all() const { return blocks_; }

  struct Rendered {
    std::string text;
    std::vector<std::string> uses;  // unique ids: "doc.shop.orders"
  };
  // A description in a node of `package`: doc('name') and doc('package', 'name') are replaced, nothing else is known
  // there.
  Result<Rendered> Render(const yaml::Node& description, std::string_view package) const;

 private:
  const DocBlock* Find(std::string_view package, std::string_view name, std::string_view from) const;

  std::vector<DocBlock> blocks_;
  std::string root_;
  TextMap<size_t> by_key_;  // "package.name"
  TextMap<std::vector<size_t>> by_name_;
};

}  // namespace stir::project
