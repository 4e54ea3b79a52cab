#include "engine/service_generation.h"

#include <algorithm>

#include "base/diagnostic_text.h"
#include "engine/freshness.h"

namespace stir::engine {
namespace {

constexpr std::string_view kFolder = "stir/";

// The files of stir/ that errors stand in, without the folder.
std::vector<std::string> FilesOf(const Diagnostics& errors, const SourceMap& sources) {
  std::vector<std::string> files;
  for (const Diagnostic& error : errors) {
    if (!error.span) continue;
    const std::string_view name = sources.Name(error.span.source);
    if (name.starts_with(kFolder)) files.emplace_back(name.substr(kFolder.size()));
  }
  std::ranges::sort(files);
  files.erase(std::ranges::unique(files).begin(), files.end());
  return files;
}

}  // namespace

Generation::Generation(const Host& world, const Options& options, DefinitionTexts texts)
    : files_(world.files, options.project_dir / "stir", std::move(texts)),
      host_{.clock = world.clock,
            .files = files_,
            .events = world.events,
            .sources = sources_,
            .redactor = world.redactor,
            .adapters = world.adapters,
            .environment = world.environment,
            .cancel = {},
            .http = world.http,
            .on_step = world.on_step,
            .remains = nullptr},
      options_(options) {}

Result<std::shared_ptr<Generation>> Generation::Open(const Host& world, const Options& options, DefinitionTexts texts,
                                                     const ServiceShares& shares, std::string& error_text,
                                                     std::vector<std::string>& blamed) {
  std::shared_ptr<Generation> generation(new Generation(world, options, std::move(texts)));
  auto workspace = Workspace::Open(generation->host_, generation->options_, shares.store);
  if (!workspace.ok()) {
    error_text = RenderDiagnostics(workspace.error(), generation->sources_);
    blamed = FilesOf(workspace.error(), generation->sources_);
    return std::move(workspace).error();
  }
  generation->workspace_ = std::move(*workspace);
  generation->session_ = std::make_unique<PipelineSession>(*generation->workspace_, PipelineSession::For::kService,
                                                           shares.slots, shares.supervisors);
  generation->MakeSchedules();
  return generation;
}

void Generation::MakeSchedules() {
  const platform::Definitions& definitions = workspace_->definitions();
  for (const platform::Pipeline& pipeline : definitions.pipelines) {
    auto schedule = ScheduleOf(*workspace_, pipeline);
    if (schedule.ok())
      schedules_.emplace(pipeline.name, *std::move(schedule));
    else
      not_followed_ += RenderDiagnostics(schedule.error(), sources_);
  }
}

Result<LoadedGeneration> LoadGeneration(const Host& world, const Options& options, GoodDefinitions& good,
                                        const ServiceShares& shares) {
  LoadedGeneration loaded;
  STIR_ASSIGN(const DefinitionTexts on_disk, ReadDefinitions(world.files, options.project_dir / "stir"));
  DefinitionTexts tried = on_disk;
  while (true) {
    std::vector<std::string> blamed;
    std::string errors;
    auto generation = Generation::Open(world, options, tried, shares, errors, blamed);
    if (generation.ok()) {
      STIR_TRY(good.Keep(tried));
      loaded.generation = *std::move(generation);
      for (const auto& [path, text] : tried)
        if (text != on_disk.at(path)) loaded.quarantined.push_back(std::string(kFolder) + path);
      return loaded;
    }
    loaded.errors += errors;
    if (blamed.empty() || !StepBack(tried, blamed, good.texts())) {
      // Once more with the world's own source map, which outlives the error.
      auto again = Workspace::Open(world, options, shares.store);
      if (!again.ok()) return std::move(again).error();
      return LoadGeneration(world, options, good, shares);  // it was changed meanwhile
    }
  }
}

}  // namespace stir::engine
