// Where a project's parse cache lies between two commands: .stir/cache/parse and, beside it, nodes; disposable. That it
// cannot be read or written is never an error: the project is parsed from nothing then.
#pragma once

#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "engine/host.h"
#include "engine/options.h"
#include "project/parse.h"
#include "project/parse_cache.h"

namespace stir::engine {

// Which build of stir this is: another one never reads its cache. Empty when it cannot be told.
std::string ProgramIdentity(const Host& host);

// Null without one, or with --no-partial-parse.
std::shared_ptr<const project::ParseCache> OpenParseCache(const Host& host, const Options& options);
// On a thread of its own, while the command goes on; gives the identity when all is written. The future waits in its
// destructor.
std::shared_future<std::optional<Hash128>> KeepParseCache(
    const Host& host, const Options& options, std::function<Result<Hash128>(const project::CacheStore&)> make);

// How many nodes the manifest.json has that a command wrote to `path`. Nothing when the file is not the noted one, or
// was touched since, or is of another identity.
std::optional<size_t> FindWritten(const Host& host, const Options& options, const std::filesystem::path& path,
                                  const Hash128& identity);
void NoteWritten(const Host& host, const Options& options, const std::filesystem::path& path, const Hash128& identity,
                 size_t nodes);

}  // namespace stir::engine
