#include "tests/support/pipeline_project.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

namespace stir::testing_support {

namespace fs = std::filesystem;

void PipelineProject::SetUp() {
  root_ = fs::temp_directory_path() / fmt::format("stir-pipelines-{}", getpid());
  fs::remove_all(root_);
  project_ = root_ / "project";
  Write("dbt_project.yml", "name: shop\nversion: \"1.0\"\nprofile: shop\n");
  Write("profiles.yml", "shop:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: shop.duckdb}\n");
  setenv("NO_COLOR", "1", 1);
  setenv("TZ", "UTC", 1);
}

void PipelineProject::TearDown() {
  if (!HasFailure()) fs::remove_all(root_);
}

void PipelineProject::Write(const fs::path& path, std::string_view text) const {
  fs::create_directories((project_ / path).parent_path());
  std::ofstream(project_ / (path.string() + ".new"), std::ios::binary) << text;
  fs::rename(project_ / (path.string() + ".new"), project_ / path);
}

void PipelineProject::Pipelines(std::string_view pipelines, std::string_view connections) const {
  Write("stir/p.yml", fmt::format("version: 1\nconnections: {}\npipelines:\n{}", connections, pipelines));
}

void PipelineProject::Tasks(std::string_view tasks, std::string_view connections) const {
  Pipelines(fmt::format("  - name: p\n    schedule: none\n    defaults: {{retry_delay: 10ms}}\n    tasks:\n{}", tasks),
            connections);
}

std::unique_ptr<Child> PipelineProject::Start(Words words) {
  words.insert(words.begin(), STIR_BINARY);
  return std::make_unique<Child>(words, project_, root_ / fmt::format("out-{}", ++started_));
}

Ended PipelineProject::Stir(Words words) { return Start(std::move(words))->Wait(); }

Ended PipelineProject::Run(const std::string& pipeline, const std::string& date) {
  return Stir({"pipeline", "run", pipeline, "--logical-date", date});
}

Json PipelineProject::Listed(Words words) {
  words.insert(words.end(), {"-o", "json"});
  const Ended list = Stir(std::move(words));
  Json json = Json::parse(list.out, nullptr, false);
  EXPECT_FALSE(json.is_discarded()) << list.out;
  return json;
}

Words PipelineProject::States(int64_t run) {
  Words states;
  for (const Json& task : Listed({"runs", "show", std::to_string(run)}))
    states.push_back(fmt::format("{} {}({})", task["task"].get<std::string>(), task["state"].get<std::string>(),
                                 task["attempts"].get<std::string>()));
  return states;
}

Words PipelineProject::Lines(const fs::path& path) const {
  Words lines;
  std::ifstream in(project_ / path);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace stir::testing_support
