#include "platform/secrets.h"

#include <fmt/format.h>

#include <filesystem>

#include "base/files.h"
#include "base/process.h"
#include "base/strings.h"
#include "platform/kinds.h"

namespace stir::platform {
namespace {

std::string VariableOf(std::string_view name) { return "STIR_SECRET_" + ToUpper(name); }

std::string Described(const SecretSource& source, std::string_view name) {
  switch (source.kind) {
    case SecretSource::Kind::kEnv:
      return fmt::format("the environment variable `{}`", VariableOf(name));
    case SecretSource::Kind::kFile:
      return fmt::format("the file `{}`", (source.path / name).string());
    case SecretSource::Kind::kCommand:
      return fmt::format("the command `{}`", Join(source.command, " "));
  }
  return {};
}

std::string WithoutLineEnd(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

Result<std::optional<std::string>> FromFile(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (error || !fs::is_regular_file(status)) return std::optional<std::string>();
  const auto others = fs::perms::group_all | fs::perms::others_all;
  if ((status.permissions() & others) != fs::perms::none)
    return Diagnostic(kSecretUnsafe, fmt::format("others may read the secret in `{}`", path.string()))
        .Hint(fmt::format("chmod 600 {}", path.string()));
  STIR_ASSIGN(std::string text, SystemFiles().Read(path));
  return std::optional(WithoutLineEnd(std::move(text)));
}

Result<std::optional<std::string>> FromCommand(const SecretSource& source, const std::string& name) {
  ProcessSpec spec;
  spec.argv = source.command;
  spec.argv.push_back(name);
  spec.timeout = std::chrono::seconds(30);
  std::string output;
  STIR_ASSIGN(const ProcessResult ended, RunProcess(spec, [&](Stream stream, std::string_view line) {
                if (stream == Stream::kOut) output.append(line).push_back('\n');
              }));
  if (ended.end != ProcessResult::End::kExited || ended.code != 0) return std::optional<std::string>();
  return std::optional(WithoutLineEnd(std::move(output)));
}

}  // namespace

Secrets::Secrets(std::vector<SecretSource> sources, const std::map<std::string, std::string>& environment,
                 Redactor& redactor)
    : sources_(std::move(sources)), environment_(environment), redactor_(redactor) {}

Result<std::optional<std::string>> Secrets::LookIn(const SecretSource& source, const std::string& name) const {
  switch (source.kind) {
    case SecretSource::Kind::kEnv: {
      const auto found = environment_.find(VariableOf(name));
      return found == environment_.end() ? std::optional<std::string>() : std::optional(found->second);
    }
    case SecretSource::Kind::kFile:
      return FromFile(source.path / name);
    case SecretSource::Kind::kCommand:
      return FromCommand(source, name);
  }
  return std::optional<std::string>();
}

Result<std::string> Secrets::Find(std::string_view name) {
  const std::scoped_lock lock(mutex_);
  if (const auto known = found_.find(name); known != found_.end()) return known->second;
  const std::string wanted(name);
  std::string places;
  for (const SecretSource& source : sources_) {
    STIR_ASSIGN(std::optional<std::string> value, LookIn(source, wanted));
    if (value) {
      redactor_.Add(Secret(*value));
      return found_[wanted] = *std::move(value);
    }
    places += fmt::format("{}{}", places.empty() ? "" : ", ", Described(source, name));
  }
  return Diagnostic(kSecretMissing, fmt::format("there is no secret `{}`", name)).Hint("looked at " + places);
}

}  // namespace stir::platform
