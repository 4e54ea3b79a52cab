#include "base/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "base/io_error.h"
#include "base/kinds.h"
#include "base/testing/fake_clock.h"
#include "base/testing/fake_files.h"

namespace stir {
namespace {

std::vector<std::string> Names(const std::vector<WalkEntry>& entries) {
  std::vector<std::string> names;
  for (const WalkEntry& entry : entries) names.push_back(entry.path);
  return names;
}

// What every implementation promises.
void CheckContract(Files& files, const fs::path& root) {
  ASSERT_TRUE(files.WriteAtomic(root / "a/b/one.txt", "1").ok());
  ASSERT_TRUE(files.Write(root / "a/two.txt", "22").ok());
  ASSERT_TRUE(files.Write(root / "a/two.txt", "222").ok());
  EXPECT_EQ(*files.Read(root / "a/two.txt"), "222");
  ASSERT_TRUE(files.Overwrite(root / "a/two.txt", "4444").ok());
  ASSERT_TRUE(files.Overwrite(root / "a/c/d/four.txt", "4").ok());
  EXPECT_EQ(*files.Read(root / "a/two.txt"), "4444");
  ASSERT_TRUE(files.Overwrite(root / "a/two.txt", "222").ok());
  EXPECT_EQ(*files.Read(root / "a/c/d/four.txt"), "4");
  ASSERT_TRUE(files.Remove(root / "a/c").ok());
  EXPECT_EQ(files.Stat(root / "a/two.txt")->size, 3u);
  EXPECT_TRUE(files.Stat(root / "a")->is_directory);
  EXPECT_EQ(Names(*files.Walk(root)), (std::vector<std::string>{"a/b/one.txt", "a/two.txt"}));
  EXPECT_EQ(Names(*files.Walk(root, [](std::string_view folder) { return folder != "a/b"; })),
            (std::vector<std::string>{"a/two.txt"}));
  EXPECT_TRUE(files.Walk(root / "nowhere")->empty());
  ASSERT_TRUE(files.Rename(root / "a/two.txt", root / "a/three.txt").ok());
  EXPECT_FALSE(files.Exists(root / "a/two.txt"));
  const auto missing = files.Read(root / "a/two.txt");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error()[0].kind, kFileMissing);
  EXPECT_EQ(files.Read(root / "a").error()[0].kind, kFileUnreadable);
  ASSERT_TRUE(files.Remove(root / "a").ok());
  ASSERT_TRUE(files.Remove(root / "a").ok());
  EXPECT_FALSE(files.Exists(root / "a"));
  {
    auto lock = files.Lock(root / "lock");
    ASSERT_TRUE(lock.ok());
    EXPECT_EQ(files.Lock(root / "lock").error()[0].kind, kLocked);
  }
  EXPECT_TRUE(files.Lock(root / "lock").ok());
}

TEST(Files, ALockIsHeldByOneAndLeavesNoFile) {
  test::TempFolder folder;
  std::atomic<int> inside = 0, taken = 0;
  const auto take_often = [&] {
    for (int i = 0; i < 3000; ++i) {
      auto lock = SystemFiles().Lock(folder.path() / "lock");
      if (!lock.ok()) continue;
      EXPECT_EQ(++inside, 1);
      ++taken;
      --inside;
    }
  };
  {
    const std::jthread one(take_often), two(take_often), three(take_often);
  }
  EXPECT_GT(taken.load(), 0);
  EXPECT_FALSE(SystemFiles().Exists(folder.path() / "lock"));
}

TEST(Files, SystemKeepsTheContract) {
  test::TempFolder folder;
  CheckContract(SystemFiles(), folder.path() / "root");
}

TEST(Files, FakeKeepsTheContract) {
  test::FakeFiles files;
  CheckContract(files, "/root");
}

TEST(Files, AWriteLeavesNoTemporaryFileWhenItFails) {
  test::TempFolder folder;
  ASSERT_TRUE(SystemFiles().MakeDirectories(folder.path() / "x/taken").ok());
  EXPECT_FALSE(SystemFiles().WriteAtomic(folder.path() / "x/taken", "1").ok());
  size_t entries = 0;
  for ([[maybe_unused]] const auto& each : fs::directory_iterator(folder.path() / "x")) ++entries;
  EXPECT_EQ(entries, 1u);
}

TEST(Files, AFolderIsNotOverwritten) {
  test::TempFolder folder;
  ASSERT_TRUE(SystemFiles().MakeDirectories(folder.path() / "x").ok());
  EXPECT_FALSE(SystemFiles().Overwrite(folder.path() / "x", "1").ok());
}

TEST(Files, WalkFollowsLinksOnceAndEndsInLoops) {
  test::TempFolder folder, other;
  ASSERT_TRUE(SystemFiles().Write(other.path() / "linked.sql", "").ok());
  ASSERT_TRUE(SystemFiles().Write(folder.path() / "in/own.sql", "").ok());
  fs::create_directory_symlink(other.path(), folder.path() / "link");
  fs::create_directory_symlink(folder.path(), folder.path() / "in/loop");
  fs::create_symlink("nowhere", folder.path() / "dangling");
  EXPECT_EQ(Names(*SystemFiles().Walk(folder.path())), (std::vector<std::string>{"in/own.sql", "link/linked.sql"}));
}

TEST(Files, ErrorsSayWhatToDo) {
  const Diagnostic full = IoError("write", "/tmp/out/x.parquet", ENOSPC);
  EXPECT_EQ(full.kind, kDiskFull);
  EXPECT_EQ(full.message, "cannot write `/tmp/out/x.parquet`: no space left on device");
  EXPECT_NE(full.hint.find("make room in `/tmp`"), std::string::npos);
  EXPECT_NE(IoError("write", "/tmp/x", EROFS).hint.find("read-only"), std::string::npos);
  EXPECT_NE(IoError("write", "/tmp/x", EACCES).hint.find("right to write in `/tmp`"), std::string::npos);
}

TEST(Files, APowerLossKeepsWhatWasSynced) {
  test::FakeFiles files;
  ASSERT_TRUE(files.WriteAtomic("safe", "1").ok());
  ASSERT_TRUE(files.Write("lost", "1").ok());
  ASSERT_TRUE(files.Write("synced", "1").ok());
  ASSERT_TRUE(files.SyncFile("synced").ok());
  files.LosePower();
  EXPECT_TRUE(files.Exists("safe"));
  EXPECT_TRUE(files.Exists("synced"));
  EXPECT_FALSE(files.Exists("lost"));
}

TEST(Files, FaultsComeWhereTheyAreAskedFor) {
  test::FakeFiles under;
  test::FaultyFiles files(under);
  files.FailAt(1, ENOSPC);
  EXPECT_TRUE(files.Write("a", "1").ok());
  EXPECT_EQ(files.Write("b", "1").error()[0].kind, kDiskFull);
  EXPECT_FALSE(files.Exists("b"));
  files.Heal();
  EXPECT_TRUE(files.Write("b", "1").ok());
  EXPECT_EQ(files.changes(), 3u);
}

}  // namespace
}  // namespace stir
