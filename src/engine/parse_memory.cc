#include "engine/parse_memory.h"

#include <fmt/format.h>

#include <charconv>

#include "engine/state_folder.h"

namespace stir::engine {

std::string ProgramIdentity(const Host& host) {
  const Result<FileStat> program = host.files.Stat("/proc/self/exe");
  return program.ok() ? fmt::format("{} {} {}", program->size, program->mtime_ns, program->inode) : std::string();
}

std::shared_ptr<const project::ParseCache> OpenParseCache(const Host& host, const Options& options) {
  const std::filesystem::path path = StateFolder(options.project_dir).parse_cache();
  if (!options.partial_parse || !host.files.Exists(path)) return nullptr;
  Result<std::string> lists = host.files.Read(path);
  if (!lists.ok()) return nullptr;
  const auto read_nodes = [&files = host.files,
                           path = StateFolder(options.project_dir).parsed_nodes()]() -> std::optional<std::string> {
    Result<std::string> nodes = files.Read(path);
    if (!nodes.ok()) return std::nullopt;
    return *std::move(nodes);
  };
  return project::ParseCache::Open(*std::move(lists), ProgramIdentity(host), read_nodes);
}

std::shared_future<std::optional<Hash128>> KeepParseCache(
    const Host& host, const Options& options, std::function<Result<Hash128>(const project::CacheStore&)> make) {
  const StateFolder folder(options.project_dir);
  if (!MakeStateFolder(host, folder).ok()) return {};
  const auto keep = [&files = host.files, folder, make = std::move(make)] {
    using Write = project::CacheStore::Write;
    const project::CacheStore store{
        .nodes = [&](const Write& write) { return files.WriteParts(folder.parsed_nodes(), write); },
        .lists = [&](const Write& write) { return files.WriteParts(folder.parse_cache(), write); }};
    const Result<Hash128> identity = make(store);
    if (identity.ok()) return std::optional<Hash128>(*identity);
    static_cast<void>(files.Remove(folder.parse_cache()));
    static_cast<void>(files.Remove(folder.parsed_nodes()));
    return std::optional<Hash128>();
  };
  return std::async(std::launch::async, keep).share();
}

namespace {

// The first two lines of a note: which manifest, which file.
std::optional<std::string> HeadOf(const Host& host, const std::filesystem::path& path, const Hash128& identity) {
  const Result<FileStat> stat = host.files.Stat(path);
  if (!stat.ok()) return std::nullopt;
  return fmt::format("{} {} {} {} {}\n{}\n", ToHex(identity), stat->size, stat->mtime_ns, stat->ctime_ns, stat->inode,
                     path.string());
}

}  // namespace

std::optional<size_t> FindWritten(const Host& host, const Options& options, const std::filesystem::path& path,
                                  const Hash128& identity) {
  const std::optional<std::string> head = HeadOf(host, path, identity);
  const std::filesystem::path note = StateFolder(options.project_dir).manifest_note();
  if (!head || !host.files.Exists(note)) return std::nullopt;
  const Result<std::string> noted = host.files.Read(note);
  if (!noted.ok() || !noted->starts_with(*head)) return std::nullopt;
  const std::string_view rest = std::string_view(*noted).substr(head->size());
  size_t nodes = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), nodes);
  if (error != std::errc()) return std::nullopt;
  return nodes;
}

void NoteWritten(const Host& host, const Options& options, const std::filesystem::path& path, const Hash128& identity,
                 size_t nodes) {
  const StateFolder folder(options.project_dir);
  const std::optional<std::string> head = HeadOf(host, path, identity);
  if (!head || !MakeStateFolder(host, folder).ok()) return;
  static_cast<void>(host.files.Write(folder.manifest_note(), fmt::format("{}{}\n", *head, nodes)));
}

}  // namespace stir::engine
