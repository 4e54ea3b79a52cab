// Nodes of files of SQL whose texts have changed while all else is as an earlier start left it: made anew, one by one,
// as long as others may keep all that they know of them.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "project/file_work.h"
#include "project/parse_cache.h"

namespace stir::project {

struct Edit {
  FileWork work;
  const CachedFile* before = nullptr;  // in the same place of the earlier start
};

class EditedNodes {
 public:
  // Both must outlive what is made here.
  EditedNodes(const ProjectContext& project, const SourceMap& sources) : project_(project), sources_(sources) {}

  // Nothing when only the whole project can tell what the edit means.
  std::optional<Node> Build(const Edit& edit);

  bool uncertain() const { return uncertain_; }  // some node would be another one in another start

  // What was read for that, which must not be read twice: a template may have said something. By the file's number.
  std::optional<ParsedSql> TakeSql(uint32_t number);
  std::optional<Properties> TakeProperties(uint32_t number);
  std::unique_ptr<TextPool> TakePool() { return std::move(pool_); }  // what the nodes are views of

 private:
  bool Read(std::string_view patch_path, PropertiesFile& file);

  const ProjectContext& project_;
  const SourceMap& sources_;
  bool uncertain_ = false;
  std::unique_ptr<TextPool> pool_ = std::make_unique<TextPool>();
  std::map<uint32_t, std::optional<ParsedSql>> sql_;
  std::map<uint32_t, std::optional<Properties>> properties_;
};

}  // namespace stir::project
