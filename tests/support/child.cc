#include "tests/support/child.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

namespace stir::testing_support {

using namespace std::chrono_literals;

namespace {

constexpr auto kPatience = 30s;  // a wait that lasts as long is a hang

}  // namespace

bool WaitFor(const std::function<bool()>& done) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(20ms);
  }
  return true;
}

bool IsAlive(pid_t pid) { return kill(pid, 0) == 0; }

Child::Child(const std::vector<std::string>& argv, const std::filesystem::path& folder, std::filesystem::path output)
    : output_(std::move(output)) {
  std::vector<char*> words;
  for (const std::string& word : argv) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  pid_ = fork();
  if (pid_ != 0) return;
  const int file = open(output_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0644);
  if (file < 0 || dup2(file, STDOUT_FILENO) < 0 || dup2(file, STDERR_FILENO) < 0 || chdir(folder.c_str()) != 0)
    _exit(126);
  execv(words[0], words.data());
  _exit(127);
}

Child::~Child() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool Child::Says(std::string_view text) const {
  return WaitFor([&] { return Output().find(text) != std::string::npos; });
}

void Child::Signal(int signal) const { kill(pid_, signal); }

Ended Child::Wait() {
  int status = 0;
  const bool ended = WaitFor([&] { return waitpid(pid_, &status, WNOHANG) == pid_; });
  EXPECT_TRUE(ended) << "still running after its time:\n" << Output();
  if (!ended) return {-1, Output()};
  pid_ = -1;
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status), Output()};
}

}  // namespace stir::testing_support
