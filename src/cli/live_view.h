// What runs right now, redrawn in place below the lines: on a terminal only.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "base/event.h"
#include "cli/sinks.h"

namespace stir::cli {

// Stands before the terminal's line sink: keeps START lines to itself, shows them as running with their time, and
// passes on every other line above the picture. A thread redraws ten times a second while something runs, and sleeps
// otherwise.
class LiveView : public EventSink {
 public:
  LiveView(LineSink& lines, std::FILE* terminal);
  ~LiveView() override;
  void Emit(const Event& event) override;
  // Removes the picture for good; lines still pass.
  void Stop();

 private:
  struct Running {
    std::string what;
    std::chrono::steady_clock::time_point since;
  };
  void Redraw();
  void Erase();
  void Draw();
  // True when the event is shown by the picture instead of a line.
  bool Track(const Event& event);

  LineSink& lines_;
  std::FILE* const terminal_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::map<std::string, Running> running_;  // by unique id; guarded by mutex_, as all below
  int done_ = 0;
  int total_ = 0;
  size_t drawn_ = 0;  // lines of the picture on the terminal
  bool end_ = false;
  std::thread painter_;
};

}  // namespace stir::cli
