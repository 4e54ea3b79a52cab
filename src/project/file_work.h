// A file in its package, or a block of one: what becomes a node.
#pragma once

#include <string_view>

#include "project/patches.h"
#include "project/sql_files.h"

namespace stir::project {

struct FileWork {
  size_t package = 0;
  const ProjectFile* file = nullptr;
  std::string_view name;  // of the node that it makes
  std::string_view text;
  uint32_t begin = 0;  // of the text in the file

  FileWork(size_t p, const ProjectFile* f) : package(p), file(f), name(f->path), text(f->text) {
    name = name.substr(name.rfind('/') + 1);
    name = name.substr(0, name.rfind('.'));
  }

  ResourceType Type() const {
    switch (file->kind) {
      case FileKind::kModel:
        return ResourceType::kModel;
      case FileKind::kTest:
        return ResourceType::kTest;
      case FileKind::kSnapshot:
        return ResourceType::kSnapshot;
      case FileKind::kFunction:
        return ResourceType::kFunction;
      default:
        return ResourceType::kAnalysis;
    }
  }
  Patchable AsPatchable(const ProjectContext& project) const {
    return {SectionOf(file->kind), project.packages[package].name(), name};
  }
  ParsedSql Parse(const ProjectContext& project) const {
    const Whitespace edges = file->kind == FileKind::kSnapshot ? Whitespace::kKept : Whitespace::kStripped;
    return ParseSql(text, jinja::Origin{file->source, begin, true, {file->source, 0, 0}}, name,
                    *project.packages[package].parse, edges);
  }
};

}  // namespace stir::project
