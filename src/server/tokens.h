// Tokens of a project: who may ask its service for what. `.stir/tokens.json` holds their digests, never themselves; a
// token has more bits than anybody can try, so a plain digest is enough.
#pragma once

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "server/guard.h"

namespace stir::server {

struct Token {
  std::string name;
  Role role = Role::kViewer;
  std::string sha256;
  Timestamp created_at{};
};

std::filesystem::path TokensPath(const std::filesystem::path& project_dir);
Result<std::vector<Token>> ReadTokens(Files& files, const std::filesystem::path& path);  // no file: none
Status WriteTokens(Files& files, const std::filesystem::path& path, const std::vector<Token>& tokens);

// What is shown once, to be kept by who gets it: "stir_" and 64 digits.
std::string MakeToken();

// The file as it stands now; read again when it was changed. Thread safe.
class TokenBook {
 public:
  TokenBook(Files& files, std::filesystem::path path) : files_(files), path_(std::move(path)) {}
  // Whose token it is; nullopt: nobody's. Fails when the file cannot be read: then nobody is let in.
  Result<std::optional<Caller>> Find(std::string_view token);
  Result<bool> IsEmpty();

 private:
  Status Refresh();  // under mutex_

  Files& files_;
  const std::filesystem::path path_;
  std::mutex mutex_;
  std::optional<FileStat> stat_;  // guarded by mutex_, as below
  bool was_read_ = false;
  std::vector<Token> tokens_;
};

}  // namespace stir::server
