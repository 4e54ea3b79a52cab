// stir's side of `bench/run jinja`: jinja_bench FOLDER CONTEXT.json SECONDS renders every template of the folder,
// parsed and warm, for about so long, and prints {"name": {"seconds": of one render, "output": its text}}.
// bench/jinja_bench.py does the same with Python's Jinja2.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "base/json.h"
#include "jinja/json_text.h"
#include "jinja/template.h"

namespace {

using stir::jinja::Template;
using stir::jinja::Value;

constexpr int kRounds = 20;

class DictScope final : public stir::jinja::Scope {
 public:
  explicit DictScope(const Value& values) : values_(values) {}
  bool Lookup(std::string_view name, Value& value) override {
    const Value* found = values_.AsDict().Find(name);
    if (found) value = *found;
    return found != nullptr;
  }

 private:
  const Value& values_;
};

std::string Read(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string RenderOnce(const Template& parsed, const Value& values) {
  DictScope scope(values);
  stir::jinja::RenderOptions options;
  options.sandboxed = false;
  auto output = stir::jinja::Render(parsed, scope, options);
  return output.ok() ? *output : "error: " + output.error().front().message;
}

// Seconds of one call: the median of rounds that take about a twentieth of the time each.
template <typename Body>
double Median(Body body, double seconds) {
  using Clock = std::chrono::steady_clock;
  auto time = [&](int count) {
    const auto start = Clock::now();
    for (int i = 0; i < count; ++i) body();
    return std::chrono::duration<double>(Clock::now() - start).count() / count;
  };
  time(1);
  const int count = std::max(static_cast<int>(seconds / kRounds / std::max(time(1), 1e-9)), 1);
  std::vector<double> rounds;
  for (int i = 0; i < kRounds; ++i) rounds.push_back(time(count));
  std::ranges::nth_element(rounds, rounds.begin() + kRounds / 2);
  return rounds[kRounds / 2];
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return std::fprintf(stderr, "usage: jinja_bench FOLDER CONTEXT.json SECONDS\n"), 2;
  const auto context = stir::jinja::ParseJson(Read(argv[2]));
  if (!context.ok()) return std::fprintf(stderr, "%s\n", context.error().front().message.c_str()), 2;
  stir::JsonWriter json;
  json.BeginObject();
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    if (entry.path().extension() == ".jinja") paths.push_back(entry.path());
  }
  std::ranges::sort(paths);
  for (const auto& path : paths) {
    const auto parsed = Template::Parse(Read(path), {stir::SourceId{1}, 0, true, {}});
    if (!parsed.ok()) return std::fprintf(stderr, "%s: %s\n", path.c_str(), parsed.error().front().message.c_str()), 2;
    const double seconds = Median([&] { RenderOnce(**parsed, *context); }, std::stod(argv[3]));
    json.Key(path.stem().string()).BeginObject().Key("seconds").Double(seconds);
    json.Key("output").String(RenderOnce(**parsed, *context)).EndObject();
  }
  json.EndObject();
  std::puts(json.text().c_str());
  return 0;
}
