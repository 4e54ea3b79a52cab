// Installing an extension asks the network, so it comes last: after what is loaded, what is installed, and what lies
// beside the library.
#include "adapter/duckdb/setup.h"

#include <fmt/format.h>
#include <filesystem>

#include "adapter/cell.h"
#include "adapter/duckdb/duckdb_adapter.h"
#include "adapter/kinds.h"
#include "base/secret.h"

namespace stir::adapter::duckdb {
namespace {

namespace fs = std::filesystem;

struct Extension {
  std::string name;  // the engine's own: `sqlite` is `sqlite_scanner`
  bool loaded = false;
  bool installed = false;
};

Result<Extension> FindExtension(Connection& connection, const std::string& name) {
  STIR_ASSIGN(const auto found,
              QueryAll(connection, fmt::format("SELECT extension_name, loaded, installed FROM duckdb_extensions() "
                                               "WHERE extension_name = {0} OR list_contains(aliases, {0})",
                                               DuckDbDialect().QuoteLiteral(name))));
  if (found.empty()) return Extension{.name = name};
  return Extension{CellText(found[0][0]), std::get<bool>(found[0][1]), std::get<bool>(found[0][2])};
}

// The file of an extension that lies beside the library; empty when there is none.
std::string LocalFile(const std::string& name, const std::string& library_folder) {
  std::error_code ignored;
  const fs::path file = fs::path(library_folder) / "extensions" / (name + ".duckdb_extension");
  return fs::exists(file, ignored) ? file.string() : std::string();
}

Status Send(Connection& connection, const std::string& sql) {
  STIR_TRY(connection.Execute(sql));
  return {};
}

Status Load(Connection& connection, const std::string& name) {
  return Send(connection, "LOAD " + DuckDbDialect().QuoteLiteral(name));
}

Status LoadExtension(Connection& connection, const SetupStep& step, const std::string& library_folder) {
  STIR_ASSIGN(const Extension extension, FindExtension(connection, step.name));
  if (extension.loaded) return {};
  if (step.sql.empty() && !extension.installed) {
    if (const std::string file = LocalFile(extension.name, library_folder); !file.empty())
      return Load(connection, file);
  }
  if (!step.sql.empty()) {
    STIR_TRY(connection.Execute(step.sql));
  } else if (!extension.installed) {
    STIR_TRY(connection.Execute("INSTALL " + DuckDbDialect().QuoteLiteral(step.name)));
  }
  return Load(connection, step.name);
}

// What is attached through an extension finds it beside the library; else the engine looks for it itself.
Status Attach(Connection& connection, const SetupStep& step, const std::string& library_folder) {
  if (!step.type.empty() && step.type != "duckdb") {
    STIR_ASSIGN(const Extension extension, FindExtension(connection, step.type));
    const std::string file = LocalFile(extension.name, library_folder);
    if (!extension.loaded && !extension.installed && !file.empty()) STIR_TRY(Load(connection, file));
  }
  return Send(connection, step.sql);
}

std::string WhatIs(const SetupStep& step) {
  switch (step.kind) {
    case SetupStep::Kind::kExtension:
      return fmt::format("the extension `{}` could not be loaded", step.name);
    case SetupStep::Kind::kSecret:
      return fmt::format("the secret `{}` could not be created", step.name);
    case SetupStep::Kind::kAttach:
      break;
  }
  return fmt::format("`{}` could not be attached", step.name);
}

std::string HintFor(const SetupStep& step, std::string_view message) {
  const auto says = [&](std::string_view words) { return message.find(words) != std::string_view::npos; };
  if (says("Failed to download extension") || says("HTTP Error") || says("needs to be installed") ||
      says("An error occurred while trying to automatically install"))
    return "without a network, put the extension's file into the folder `extensions` beside libduckdb.so, or name the "
           "file itself under `extensions` in profiles.yml";
  if (step.kind == SetupStep::Kind::kSecret) return "see this entry of `secrets` in profiles.yml";
  if (step.kind == SetupStep::Kind::kExtension) return "see `extensions` in profiles.yml";
  if (says("database does not exist") || says("No such file") || says("unable to open database file"))
    return "the `path` of an entry of `attach` is relative to where stir is started; a read-only one has to exist";
  return "see this entry of `attach` in profiles.yml";
}

Diagnostics Explain(const SetupStep& step, Diagnostics errors) {
  for (Diagnostic& error : errors) {
    if (error.kind == kDatabaseHeld || error.kind == kCanceled) continue;
    error.hint = HintFor(step, error.message);
    error.message = fmt::format("{}: {}", WhatIs(step), error.message);
    error.kind = kConnectionFailed;
    error.engine_offset = -1;  // in a statement that the user did not write
  }
  return errors;
}

Status Perform(Connection& connection, const SetupStep& step, const std::string& library_folder) {
  switch (step.kind) {
    case SetupStep::Kind::kExtension:
      return LoadExtension(connection, step, library_folder);
    case SetupStep::Kind::kSecret:
      return Send(connection, step.sql);
    case SetupStep::Kind::kAttach:
      break;
  }
  return Attach(connection, step, library_folder);
}

}  // namespace

Status SetUp(Connection& connection, const Options& options, const std::string& library_folder) {
  for (const SetupStep& step : options.setup) {
    Status done = Perform(connection, step, library_folder);
    if (!done.ok()) return WithoutSecrets(Explain(step, std::move(done).error()), options.secrets);
  }
  return {};
}

Diagnostics WithoutSecrets(Diagnostics errors, std::span<const std::string> secrets) {
  Redactor redactor;
  for (const std::string& secret : secrets) redactor.Add(Secret(secret));
  for (Diagnostic& error : errors) redactor.RedactInPlace(error.message);
  return errors;
}

}  // namespace stir::adapter::duckdb
