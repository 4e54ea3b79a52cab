// `stir jinja` beside what Jinja2 answered: tests/oracle/jinja_corpus.jsonl holds templates and its answers, written by
// `tests/oracle/jinja_oracle.py --record`. The first line is the context of the lines that bring none.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fmt/format.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/json.h"

namespace stir {
namespace {

std::vector<Json> ReadLines(const std::filesystem::path& path) {
  std::vector<Json> lines;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
  return lines;
}

// Empty, or how our answer differs. Of an error the kind has to be the same, and what else was recorded of it.
std::string Difference(const Json& expected, const Json& answer) {
  const bool fails = expected.contains("error");
  std::string shown = answer.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (fails != answer.contains("error")) return shown;
  if (!fails) return expected["output"] == answer["output"] ? "" : shown;
  for (const auto& [key, value] : expected["error"].items()) {
    if (answer["error"][key] != value) return shown;
  }
  return "";
}

TEST(JinjaCorpus, AnswersAsJinja2Does) {
  const std::filesystem::path corpus = std::filesystem::path(STIR_SOURCE_DIR) / "tests/oracle/jinja_corpus.jsonl";
  const std::filesystem::path folder = std::filesystem::temp_directory_path() / fmt::format("stir-jinja-{}", getpid());
  std::filesystem::create_directories(folder);
  std::vector<Json> cases = ReadLines(corpus);
  ASSERT_GT(cases.size(), 5000u);
  const Json context = cases[0]["context"];
  cases.erase(cases.begin());
  {
    std::ofstream out(folder / "lines.jsonl");
    for (const Json& each : cases) {
      Json request{{"template", each["template"]}, {"context", each.contains("context") ? each["context"] : context}};
      if (each.contains("options")) request["options"] = each["options"];
      out << request.dump() << "\n";
    }
  }
  const std::string command =
      fmt::format("{} jinja < {}/lines.jsonl > {}/answers.jsonl", STIR_BINARY, folder.string(), folder.string());
  ASSERT_EQ(std::system(command.c_str()), 0);
  const std::vector<Json> answers = ReadLines(folder / "answers.jsonl");
  ASSERT_EQ(answers.size(), cases.size());
  for (size_t i = 0; i < cases.size(); ++i)
    EXPECT_EQ(Difference(cases[i], answers[i]), "") << "expected: " << cases[i].dump();
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace stir
