// The place where a case is played.
#include "tests/support/workplace.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/process.h"
#include "base/strings.h"

namespace stir::testing_support {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kProject = "name: case\nversion: \"1.0\"\nprofile: case\n";

}  // namespace

Workplace::Workplace(std::string_view name, const std::map<std::string, fs::path>& programs,
                     std::map<std::string, std::string> environment)
    : root_(fs::temp_directory_path() /
            fmt::format("stir-case-{}-{}", getpid(), ReplaceAll(std::string(name), "/", "-"))),
      engine_(EngineFor(name)),
      environment_(std::move(environment)) {
  engine_->Clear();
  fs::remove_all(root_);
  fs::create_directories(root_ / "bin");
  fs::create_directories(root_ / "project");
  for (const auto& [link, program] : programs) fs::create_symlink(fs::canonical(program), root_ / "bin" / link);
  environment_.insert({{"PATH", (root_ / "bin").string() + ":/usr/bin:/bin"},
                       {"HOME", root_.string()},
                       {"TZ", "UTC"},
                       {"LC_ALL", "C.UTF-8"},
                       {"NO_COLOR", "1"},
                       {"DBT_PROFILES_DIR", ""},
                       {"DBT_PROJECT_DIR", ""}});
}

Workplace::~Workplace() {
  if (!testing::Test::HasFailure()) fs::remove_all(root_);
}

void Workplace::Fill(const Case& shown) const {
  WriteFile(project() / "dbt_project.yml", kProject);
  WriteFile(project() / "profiles.yml", engine_->Profiles());
  for (const Section& file : shown.files) {
    if (file.head.starts_with("-")) {
      fs::remove(project() / file.head.substr(1));
    } else {
      WriteFile(project() / file.head, file.body);
    }
  }
}

Workplace::Said Workplace::Run(const std::string& line) const {
  Said said;
  ProcessSpec spec;
  spec.argv = {"/bin/bash", "-c", line};
  spec.directory = project().string();
  spec.environment = environment_;
  spec.timeout = std::chrono::seconds(120);
  auto result = RunProcess(spec, [&](Stream stream, std::string_view text) {
    (stream == Stream::kOut ? said.out : said.err).append(text).append("\n");
  });
  EXPECT_TRUE(result.ok()) << line;
  if (!result.ok()) return said;
  EXPECT_EQ(result->end, ProcessResult::End::kExited) << line << " did not end by itself";
  said.exit = result->code;
  return said;
}

}  // namespace stir::testing_support
