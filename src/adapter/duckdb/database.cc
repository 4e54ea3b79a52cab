// The table of files that are open in this process.
#include "adapter/duckdb/database.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <chrono>
#include <filesystem>
#include <list>
#include <optional>
#include <thread>

#include "adapter/duckdb/errors.h"
#include "adapter/kinds.h"

namespace stir::adapter::duckdb {
struct FileId {
  dev_t device = 0;
  ino_t inode = 0;
  bool operator==(const FileId&) const = default;
};

namespace {

// Asks by name: opening and closing the file would drop the lock of a database that has it open.
std::optional<FileId> IdOf(const std::string& path) {
  struct stat stat{};
  if (::stat(path.c_str(), &stat) != 0) return std::nullopt;
  return FileId{stat.st_dev, stat.st_ino};
}

std::string Canonical(const std::string& path) {
  std::error_code error;
  auto full = std::filesystem::weakly_canonical(path, error);
  return error ? path : full.string();
}

Result<ConfigHandle> MakeConfig(const Api& api, const Options& options) {
  ConfigHandle config(api);
  if (api.create_config(config.out()) != DuckDBSuccess) return Diagnostic(kConnectionFailed, "out of memory");
  // A name that the engine does not know is refused when the file is opened.
  for (const auto& [key, value] : options.config) api.set_config(config.get(), key.c_str(), value.c_str());
  // Errors as objects carry the place as an offset. What the user sets does not change how stir reads them.
  api.set_config(config.get(), "errors_as_json", "true");
  return config;
}

}  // namespace

// Process-wide because what it protects is: the engine's locks on files belong to the process.
class OpenFiles {
 public:
  static OpenFiles& Get() {
    static OpenFiles files;
    return files;
  }

  Result<std::shared_ptr<Database>> Acquire(const Api& api, const Options& options) {
    const std::lock_guard lock(mutex_);
    if (cache_ == nullptr) cache_ = api.create_instance_cache();
    if (options.InMemory()) {
      STIR_ASSIGN(DatabaseHandle handle, OpenHandle(api, options));
      return std::shared_ptr<Database>(new Database(api, std::move(handle)));
    }
    STIR_ASSIGN(Entry * shared, FindOpen(options));
    if (shared == nullptr) {
      STIR_ASSIGN(shared, OpenNew(api, options));
    }
    ++shared->users;
    return std::shared_ptr<Database>(shared->database.get(), [this](Database* database) { Release(database); });
  }

 private:
  struct Entry {
    FileId id;
    std::string path;  // canonical
    std::vector<std::pair<std::string, std::string>> config;
    std::unique_ptr<Database> database;
    int users = 0;
  };

  // Null when the file is not open here.
  Result<Entry*> FindOpen(const Options& options) {
    const std::optional<FileId> id = IdOf(options.path);
    const std::string path = Canonical(options.path);
    for (Entry& entry : entries_) {
      if (id == entry.id) {
        if (entry.config == options.config) return &entry;
        return Diagnostic(kConnectionFailed,
                          fmt::format("`{}` is already open in this process with other `config_options`", options.path))
            .Hint("give all targets of one file the same `config_options`");
      }
      if (path == entry.path) {
        return Diagnostic(kConnectionFailed,
                          fmt::format("`{}` was replaced while this process has it open", options.path))
            .Hint("end this process, or close what uses the old file, and open it again");
      }
    }
    return static_cast<Entry*>(nullptr);
  }

  Result<Entry*> OpenNew(const Api& api, const Options& options) {
    STIR_ASSIGN(DatabaseHandle handle, OpenHandle(api, options));
    const std::optional<FileId> id = IdOf(options.path);
    if (!id) return Diagnostic(kConnectionFailed, fmt::format("`{}` vanished while it was opened", options.path));
    entries_.push_back({.id = *id,
                        .path = Canonical(options.path),
                        .config = options.config,
                        .database = std::unique_ptr<Database>(new Database(api, std::move(handle)))});
    return &entries_.back();
  }

  Result<DatabaseHandle> OpenHandle(const Api& api, const Options& options) {
    STIR_ASSIGN(const ConfigHandle config, MakeConfig(api, options));
    for (int attempt = 0;; ++attempt) {
      DatabaseHandle handle(api);
      char* error = nullptr;
      if (api.get_or_create_from_cache(cache_, options.path.c_str(), handle.out(), config.get(), &error) ==
          DuckDBSuccess) {
        return handle;
      }
      Diagnostic diagnostic = OpenErrorFrom(TakeString(api, error), options.path);
      if (attempt + 1 >= options.connect_attempts || diagnostic.kind != kDatabaseHeld) return diagnostic;
      std::this_thread::sleep_for(std::chrono::seconds(1 << attempt));
    }
  }

  // Closing happens under the lock, so that nobody opens the file anew while it is still open.
  void Release(Database* database) {
    const std::lock_guard lock(mutex_);
    for (auto it = entries_.begin(); it != entries_.end(); ++it) {
      if (it->database.get() != database) continue;
      if (--it->users == 0) entries_.erase(it);
      return;
    }
  }

  std::mutex mutex_;
  duckdb_instance_cache cache_ = nullptr;  // guarded by mutex_; makes attached files known to all databases here
  std::list<Entry> entries_;               // guarded by mutex_
};

Result<std::shared_ptr<Database>> Database::Open(const Options& options) {
  STIR_ASSIGN(const Api* api, LoadApi());
  return OpenFiles::Get().Acquire(*api, options);
}

Result<ConnectionHandle> Database::Connect() const {
  ConnectionHandle connection(api_);
  if (api_.connect(handle_.get(), connection.out()) != DuckDBSuccess) {
    return Diagnostic(kConnectionFailed, "DuckDB gave no connection to an open database");
  }
  return connection;
}

Result<Scribe*> Database::scribe() {
  const std::lock_guard lock(scribe_mutex_);
  if (scribe_ == nullptr) {
    STIR_ASSIGN(scribe_, Scribe::Open(api_));
  }
  return scribe_.get();
}

Result<Feeds*> Database::feeds() {
  const std::lock_guard lock(feeds_mutex_);
  if (feeds_ == nullptr) {
    STIR_ASSIGN(const ConnectionHandle connection, Connect());
    STIR_ASSIGN(feeds_, Feeds::Open(api_, connection.get()));
  }
  return feeds_.get();
}

}  // namespace stir::adapter::duckdb
