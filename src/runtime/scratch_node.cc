#include "runtime/scratch_node.h"

#include <fmt/format.h>

namespace stir::runtime {

ScratchNode::ScratchNode(const project::Manifest& manifest, const project::Target& target, std::string name,
                         project::ResourceType type, std::string sql, std::shared_ptr<const jinja::Template> code)
    : name_(std::move(name)),
      unique_id_(fmt::format("{}.{}.{}", project::ResourceTypeName(type), manifest.project_name(), name_)),
      path_(fmt::format("sql/{}", name_)),
      database_(target.profile.database),
      schema_(target.profile.schema),
      sql_(std::move(sql)) {
  node_.type = type;
  node_.unique_id = unique_id_;
  node_.name = node_.alias = name_;
  node_.package = manifest.project_name();
  node_.path = path_;
  node_.original_file_path = "from remote system.sql";  // as dbt calls where inline SQL came from
  node_.database = database_;
  node_.schema = schema_;
  node_.raw_code = sql_;
  node_.code = std::move(code);
  node_.config = std::make_shared<project::Config>(type, std::vector<project::ConfigEntry>());
  node_.columns = std::make_shared<project::Columns>();
}

}  // namespace stir::runtime
