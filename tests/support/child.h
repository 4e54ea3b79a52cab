// A process that a test starts, disturbs and looks at afterwards.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/case_file.h"

namespace stir::testing_support {

// False: not even after far more time than anything takes.
bool WaitFor(const std::function<bool()>& done);
bool IsAlive(pid_t pid);

struct Ended {
  int code = -1;    // exit status; -signal when it was killed
  std::string out;  // both streams, in the order in which they were written
};

// One process with its output in a file. Ended, by force if need be, when the object goes.
class Child {
 public:
  Child(const std::vector<std::string>& argv, const std::filesystem::path& folder, std::filesystem::path output);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  std::string Output() const { return ReadFile(output_); }
  bool Says(std::string_view text) const;
  void Signal(int signal) const;
  Ended Wait();

 private:
  const std::filesystem::path output_;
  pid_t pid_ = -1;
};

}  // namespace stir::testing_support
