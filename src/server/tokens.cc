#include "server/tokens.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/json.h"
#include "base/strings.h"
#include "server/kinds.h"

namespace stir::server {
namespace {

// In a time that does not tell how much of it is right.
bool AreEqual(std::string_view one, std::string_view other) {
  if (one.size() != other.size()) return false;
  unsigned difference = 0;
  for (size_t at = 0; at < one.size(); ++at)
    difference |= static_cast<unsigned>(one[at]) ^ static_cast<unsigned>(other[at]);
  return difference == 0;
}

std::string TextOf(const Json& entry, const char* key) {
  const auto found = entry.find(key);
  return found != entry.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Result<Token> ToToken(const Json& entry, const std::filesystem::path& path) {
  if (entry.is_object()) {
    const auto role = ParseRole(TextOf(entry, "role"));
    const auto created_at = ParseTimestamp(TextOf(entry, "created_at"));
    Token token{TextOf(entry, "name"), role.value_or(Role::kAnybody), TextOf(entry, "sha256"),
                created_at.value_or(Timestamp())};
    if (role && created_at && !token.name.empty() && token.sha256.size() == 64) return token;
  }
  return Diagnostic(kBadToken, fmt::format("{} holds something else than tokens", path.string()))
      .Hint("it is written by `stir tokens add`; remove it and add them again");
}

bool IsSame(const FileStat& one, const FileStat& other) {
  return one.size == other.size && one.mtime_ns == other.mtime_ns && one.inode == other.inode;
}

}  // namespace

std::filesystem::path TokensPath(const std::filesystem::path& project_dir) {
  return project_dir / ".stir" / "tokens.json";
}

Result<std::vector<Token>> ReadTokens(Files& files, const std::filesystem::path& path) {
  std::vector<Token> tokens;
  if (!files.Exists(path)) return tokens;
  STIR_ASSIGN(const std::string text, files.Read(path));
  const Json entries = ReadJson(text);
  if (!entries.is_array()) return ToToken(entries, path).error();
  for (const Json& entry : entries) {
    STIR_ASSIGN(Token token, ToToken(entry, path));
    tokens.push_back(std::move(token));
  }
  return tokens;
}

Status WriteTokens(Files& files, const std::filesystem::path& path, const std::vector<Token>& tokens) {
  JsonWriter json;
  json.BeginArray();
  for (const Token& token : tokens) {
    json.BeginObject().Key("name").String(token.name).Key("role").String(ToString(token.role));
    json.Key("sha256").String(token.sha256).Key("created_at").String(FormatTimestamp(token.created_at)).EndObject();
  }
  json.EndArray();
  return files.WriteAtomic(path, std::move(json).Take() + "\n");
}

std::string MakeToken() { return "stir_" + ReplaceAll(RandomUuid() + RandomUuid(), "-", ""); }

Status TokenBook::Refresh() {
  std::optional<FileStat> now;
  if (files_.Exists(path_)) {
    STIR_ASSIGN(now, files_.Stat(path_));
  }
  if (was_read_ && now.has_value() == stat_.has_value() && (!now || IsSame(*now, *stat_))) return {};
  STIR_ASSIGN(tokens_, ReadTokens(files_, path_));
  stat_ = now;
  was_read_ = true;
  return {};
}

Result<std::optional<Caller>> TokenBook::Find(std::string_view token) {
  const std::string digest = Sha256Hex(token);
  const std::scoped_lock lock(mutex_);
  STIR_TRY(Refresh());
  std::optional<Caller> found;
  for (const Token& each : tokens_)
    if (AreEqual(each.sha256, digest)) found = Caller{"token " + each.name, each.role};
  return found;
}

Result<bool> TokenBook::IsEmpty() {
  const std::scoped_lock lock(mutex_);
  STIR_TRY(Refresh());
  return tokens_.empty();
}

}  // namespace stir::server
