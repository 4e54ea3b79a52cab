#include "platform/secrets.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "base/testing/fake_clock.h"
#include "platform/kinds.h"

namespace stir::platform {
namespace {

namespace fs = std::filesystem;

class SecretsTest : public ::testing::Test {
 protected:
  void Write(const std::string& name, const std::string& text, fs::perms perms) {
    std::ofstream(folder_.path() / name) << text;
    fs::permissions(folder_.path() / name, perms);
  }
  Result<std::string> Find(std::vector<SecretSource> sources, std::string_view name) {
    return Secrets(std::move(sources), environment_, redactor_).Find(name);
  }
  SecretSource Folder() const { return {SecretSource::Kind::kFile, folder_.path(), {}}; }

  test::TempFolder folder_;
  std::map<std::string, std::string> environment_ = {{"STIR_SECRET_DB", "from the environment"}};
  Redactor redactor_;
};

TEST_F(SecretsTest, TheFirstPlaceThatHasItWins) {
  Write("db", "from a file\n", fs::perms::owner_read | fs::perms::owner_write);
  EXPECT_EQ(*Find({{}, Folder()}, "db"), "from the environment");
  EXPECT_EQ(*Find({Folder(), {}}, "db"), "from a file");
  EXPECT_EQ(*Find({{SecretSource::Kind::kCommand, {}, {"/bin/echo", "got"}}}, "db"), "got db");
  EXPECT_EQ(redactor_.Redact("x got db y from a file"), "x ***** y *****");
}

TEST_F(SecretsTest, AFileThatOthersMayReadIsRefused) {
  Write("db", "x", fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read);
  const auto found = Find({Folder()}, "db");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error()[0].kind, kSecretUnsafe);
}

TEST_F(SecretsTest, AMissingOneNamesThePlaces) {
  const auto found = Find({{}, {SecretSource::Kind::kCommand, {}, {"/bin/false"}}}, "api");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error()[0].hint, "looked at the environment variable `STIR_SECRET_API`, the command `/bin/false`");
}

}  // namespace
}  // namespace stir::platform
