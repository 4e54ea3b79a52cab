#include "project/edited_nodes.h"

#include <utility>

#include "project/pack_nodes.h"
#include "project/warm_start.h"

namespace stir::project {

namespace {

// Safe for several threads as long as each asks for other numbers.
template <typename T>
std::optional<T> TakeFrom(std::map<uint32_t, std::optional<T>>& kept, uint32_t number) {
  const auto found = kept.find(number);
  return found == kept.end() ? std::nullopt : std::exchange(found->second, std::nullopt);
}

}  // namespace

std::optional<ParsedSql> EditedNodes::TakeSql(uint32_t number) { return TakeFrom(sql_, number); }
std::optional<Properties> EditedNodes::TakeProperties(uint32_t number) { return TakeFrom(properties_, number); }

std::optional<Node> EditedNodes::Build(const Edit& edit) {
  const ProjectFile& file = *edit.work.file;
  const bool alone = file.kind == FileKind::kModel || file.kind == FileKind::kAnalysis || file.kind == FileKind::kTest;
  if (!alone || !file.path.ends_with(".sql") || edit.before->shape == Hash128{}) return std::nullopt;
  std::optional<ParsedSql>& sql = sql_[edit.before->number];
  sql = edit.work.Parse(project_);
  if (!sql->errors.empty()) return std::nullopt;

  Diagnostics errors, of_others;
  PatchIndex patches({edit.work.AsPatchable(project_)});
  PropertiesFile properties;
  const bool described = !edit.before->patch_path.empty();
  if (described && !Read(edit.before->patch_path, properties)) return std::nullopt;
  patches.Add(properties, errors, of_others);
  NodeBuilder builder(project_, *pool_, errors);
  Node node = builder.FromSql(project_.packages[edit.work.package], file, edit.work.name, *sql, edit.work.Type(),
                              patches.Find(edit.work.AsPatchable(project_)));
  if (described) properties_[properties.number] = std::move(properties.properties);
  uncertain_ = uncertain_ || builder.reads().uncertain;
  if (!errors.empty() || builder.reads().others || ShapeOf(node) != edit.before->shape) return std::nullopt;
  node.order = {kSqlNodes, edit.before->number, 0};
  return node;
}

bool EditedNodes::Read(std::string_view patch_path, PropertiesFile& file) {
  uint32_t number = 0;
  for (const PackageContext& package : project_.packages) {
    for (const ProjectFile& each : package.files->files) {
      file.number = number++;
      if (each.kind != FileKind::kProperties || !patch_path.ends_with(each.path)) continue;
      file.patch_path = package.name() + "://" + each.path;
      if (file.patch_path != patch_path) continue;
      file.file = &each;
      file.package = &package;
      std::optional<Properties> read = TakeProperties(file.number);
      file.properties = read ? *std::move(read) : ReadProperties(sources_, each.source, *package.parse);
      file.whole = true;
      if (file.properties.errors.empty()) return true;
      properties_[file.number] = std::move(file.properties);
      return false;
    }
  }
  return false;
}

}  // namespace stir::project
