#include "engine/freshness.h"

#include <algorithm>
#include <array>
#include <vector>

#include "engine/narrator.h"
#include "engine/select.h"
#include "graph/graph.h"
#include "platform/schedules.h"
#include "project/kinds.h"
#include "project/yaml_values.h"

namespace stir::engine {
namespace {

using platform::TaskKind;

constexpr std::array<std::string_view, 3> kRenewedTypes{"model", "seed", "snapshot"};

// The nodes that the pipeline's tasks make. What only a run can say is not among them.
Result<std::vector<bool>> MadeBy(Workspace& workspace, const platform::Pipeline& pipeline) {
  const project::Manifest& manifest = *workspace.manifest();
  const Host& host = workspace.host();
  const Narrator narrator(host.events, host.sources, workspace.setting().narrator_style(workspace.options()));
  std::vector<bool> made(manifest.graph().size());
  for (const platform::Task& task : pipeline.tasks) {
    if (task.kind == TaskKind::kIngest) {
      const auto ingestion = workspace.definitions().FindIngestion(*task.subject);
      if (ingestion.ok()) made[(*ingestion)->to.node] = true;
    }
    const bool known = std::ranges::none_of(task.select, [](const auto& each) { return project::HasJinja(each); });
    if (!platform::IsSelection(task.kind) || task.kind == TaskKind::kTest || !known) continue;
    SelectionOptions options;
    options.select = task.select;
    options.exclude = task.exclude;
    STIR_ASSIGN(const graph::NodeSet selected, SelectNodes(manifest, options, kRenewedTypes, host.sources, narrator));
    for (const graph::NodeId node : selected.ToVector()) made[node] = true;
  }
  return made;
}

// With all that is made of them.
void AddDescendants(const graph::Graph& graph, std::vector<bool>& nodes) {
  for (const graph::NodeId node : graph.TopologicalOrder())
    nodes[node] = nodes[node] || std::ranges::any_of(graph.Parents(node), [&](auto parent) { return nodes[parent]; });
}

bool Publishes(const platform::Pipeline& pipeline, const platform::Publication& publication) {
  return std::ranges::any_of(pipeline.tasks, [&](const platform::Task& task) {
    return task.kind == TaskKind::kPublish && *task.subject == publication.name;
  });
}

}  // namespace

Result<scheduler::Schedule> ScheduleOf(Workspace& workspace, const platform::Pipeline& pipeline) {
  const platform::Definitions& definitions = workspace.definitions();
  if (pipeline.schedule.kind != platform::Schedule::Kind::kFreshness)
    return platform::ScheduleOf(definitions, pipeline);
  STIR_ASSIGN(std::vector<bool> made, MadeBy(workspace, pipeline));
  AddDescendants(workspace.manifest()->graph(), made);
  Duration asked{0};
  for (const platform::Publication& publication : definitions.publications) {
    if (publication.freshness <= Duration{0}) continue;
    if (!made[publication.from.node] && !Publishes(pipeline, publication)) continue;
    asked = asked > Duration{0} ? std::min(asked, publication.freshness) : publication.freshness;
  }
  return platform::ScheduleOf(definitions, pipeline, asked);
}

}  // namespace stir::engine
