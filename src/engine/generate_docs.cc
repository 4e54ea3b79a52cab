// docs generate: the project compiled, and what the engine knows of its relations, for tools that show both.
#include <fmt/format.h>
#include <array>

#include "base/json.h"
#include "base/strings.h"
#include "embedded/embedded.h"
#include "engine/artifacts.h"
#include "engine/commands.h"
#include "engine/compile_nodes.h"
#include "engine/select.h"
#include "engine/workbench.h"

namespace stir::engine {
namespace {

using project::Node;

constexpr std::array<std::string_view, 7> kDocumentedTypes{"model", "seed",     "function", "snapshot",
                                                           "test",  "analysis", "operation"};
constexpr std::array<std::string_view, 1> kOnlySources{"source"};

// Images and the like that descriptions show.
Status CopyAssets(const Workbench& bench, const project::ProjectConfig& config) {
  Files& files = bench.host.files;
  for (const std::string& folder : config.asset_paths) {
    const std::filesystem::path from = bench.options.project_dir / folder, to = bench.setting->target_path / folder;
    STIR_TRY(files.Remove(to));
    STIR_ASSIGN(const std::vector<WalkEntry> entries, files.Walk(from));
    for (const WalkEntry& entry : entries) {
      STIR_ASSIGN(const std::string bytes, files.Read(from / entry.path));
      STIR_TRY(files.Write(to / entry.path, bytes));
    }
  }
  return {};
}

// The selected nodes that are relations, and the selected sources.
Result<graph::NodeSet> CatalogNodes(const Workbench& bench) {
  STIR_ASSIGN(graph::NodeSet nodes,
              SelectNodes(*bench.manifest, bench.options.selection, kOnlySources, bench.host.sources, *bench.narrator));
  bench.selected.ForEach([&](graph::NodeId id) {
    const Node& node = bench.manifest->node(id);
    if (node.IsRefable() && !node.IsEphemeral()) nodes.Add(id);
  });
  return nodes;
}

Status BuildCatalog(Workbench& bench) {
  std::vector<runtime::CatalogColumn> columns;
  graph::NodeSet nodes(bench.manifest->nodes().size());
  if (!bench.options.docs.empty_catalog) {
    bench.narrator->Say("E044", "BuildingCatalog", Level::kInfo, "Building catalog");
    STIR_ASSIGN(nodes, CatalogNodes(bench));
    STIR_ASSIGN(columns, bench.runner->Catalog(nodes.ToVector(), bench.worker));
  }
  STIR_ASSIGN(const std::filesystem::path path, WriteCatalogFile(columns, *bench.manifest, nodes, *bench.setting,
                                                                 bench.host, bench.options, *bench.narrator));
  JsonWriter json;
  json.BeginObject().Key("path").String(path.string()).EndObject();
  bench.narrator->Say("E042", "CatalogWritten", Level::kInfo, "Catalog written to " + path.string(),
                      std::move(json).Take());
  return {};
}

// A JSON text inside a script element: nothing in it may end the element.
std::string Quoted(std::string_view json) { return ReplaceAll(json, "<", "\\u003c"); }

// index.html reads the artifacts beside it; static_index.html holds them.
Status WritePages(const Workbench& bench) {
  Files& files = bench.host.files;
  const std::filesystem::path& folder = bench.setting->target_path;
  const std::string_view page = embedded::DocsPage().front().text;
  STIR_TRY(files.Write(folder / "index.html", page));
  if (!bench.options.docs.single_file) return {};
  STIR_ASSIGN(const std::string manifest, files.Read(folder / "manifest.json"));
  STIR_ASSIGN(const std::string catalog, files.Read(folder / "catalog.json"));
  const std::string data = fmt::format("{{\"manifest\":{},\"catalog\":{}}}", Quoted(manifest), Quoted(catalog));
  constexpr std::string_view kPlace = "application/json\">";
  const size_t place = page.find(kPlace) + kPlace.size();  // the text there is `null`
  return files.Write(folder / "static_index.html",
                     fmt::format("{}{}{}", page.substr(0, place), data, page.substr(place + 4)));
}

}  // namespace

Result<CommandResult> GenerateDocs(const Host& host, const Options& options) {
  Workbench bench(host, options);
  STIR_TRY(bench.Open(/*writes=*/false));
  if (options.docs.compile) bench.TellStats();
  STIR_TRY(bench.Select(kDocumentedTypes));
  if (options.docs.compile) {
    bench.narrator->Concurrency(bench.setting->target.profile.threads, bench.setting->target.name,
                                static_cast<int>(bench.selected.Count()));
  }
  STIR_TRY(bench.Connect());
  if (options.docs.compile) {
    STIR_ASSIGN(const RunResults results, CompileSelected(bench));
    STIR_TRY(Compiled(results, options));
  }
  STIR_ASSIGN(const project::ProjectConfig config, ReadProjectConfig(host, options, bench.setting->invocation));
  STIR_TRY(CopyAssets(bench, config));
  STIR_TRY(BuildCatalog(bench));
  STIR_TRY(WritePages(bench));
  return CommandResult{};
}

}  // namespace stir::engine
