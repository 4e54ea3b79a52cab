// A program that a test starts, disturbs and waits for, and how long a test waits for anything.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace stir {

namespace fs = std::filesystem;

inline constexpr auto kPatience =
    std::chrono::seconds(20);  // far more than anything here takes; a wait that lasts as long is a hang

inline std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

inline bool WaitFor(const std::function<bool()>& done) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  return true;
}

inline bool IsAlive(pid_t pid) { return kill(pid, 0) == 0; }

struct Ended {
  int code = -1;    // exit status; -signal when it was killed
  std::string out;  // both streams, in the order in which they were written
};

// One process with its output in a file. Ended, by force if need be, when the object goes.
class Child {
 public:
  Child(const std::vector<std::string>& argv, const fs::path& folder, const fs::path& output) : output_(output) {
    std::vector<char*> words;
    for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    pid_ = fork();
    if (pid_ != 0) return;
    const int file = open(output.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
    if (file < 0 || dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0 || chdir(folder.c_str()) != 0)
      _exit(126);
    execv(words[0], words.data());
    _exit(127);
  }
  ~Child() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  std::string Output() const { return ReadFile(output_); }
  bool Says(std::string_view text) const {
    return WaitFor([&] { return Output().find(text) != std::string::npos; });
  }
  void Signal(int signal) const { kill(pid_, signal); }

  Ended Wait() {
    int status = 0;
    const bool ended = WaitFor([&] { return waitpid(pid_, &status, WNOHANG) == pid_; });
    EXPECT_TRUE(ended) << "still running after its time:\n" << Output();
    if (!ended) return {-1, Output()};
    pid_ = -1;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), Output()};
  }

 private:
  const fs::path output_;
  pid_t pid_ = -1;
};

}  // namespace stir
