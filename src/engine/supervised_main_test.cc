// The tests' own main: they run pipelines in their own process, whose program is then asked to supervise.
#include <gtest/gtest.h>

#include "engine/supervisor.h"

int main(int argc, char** argv) {
  if (argc == 2 && argv[1] == stir::engine::kSuperviseWord) return stir::engine::Supervise();
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
