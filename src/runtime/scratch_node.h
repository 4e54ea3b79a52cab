// A node that no file has: inline SQL, a macro that is called from outside, the creation of schemas.
#pragma once

#include <string>

#include "project/manifest.h"
#include "project/profile.h"

namespace stir::runtime {

// Owns its texts. `node` lives as long as this.
class ScratchNode {
 public:
  // `code` may be null.
  ScratchNode(const project::Manifest& manifest, const project::Target& target, std::string name,
              project::ResourceType type, std::string sql = {}, std::shared_ptr<const jinja::Template> code = {});
  ScratchNode(const ScratchNode&) = delete;
  ScratchNode& operator=(const ScratchNode&) = delete;
  const project::Node& node() const { return node_; }

 private:
  std::string name_, unique_id_, path_, database_, schema_, sql_;
  project::Node node_;
};

}  // namespace stir::runtime
