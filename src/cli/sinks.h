// Where events go: the terminal as lines or JSON, the log file, a live view. Every sink redacts secrets before a byte
// leaves.
#pragma once

#include <cstdint>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/event.h"
#include "base/secret.h"

namespace stir::cli {

// The forms of a line: dbt's `text` (time and message), `debug` (microseconds, level, thread too) and `json`.
enum class LineFormat : uint8_t { kText, kDebug, kJson };

// What all lines of one invocation share.
struct LineStyle {
  LineFormat format = LineFormat::kText;
  Level least = Level::kInfo;
  bool nothing = false;  // --log-level none
  bool quiet = false;    // errors and what was asked for
  bool colors = false;
  bool prints = true;  // --print: what print() says
};

// An event as one line (or more, when its message has more), with its line end; empty when the style leaves it out.
// Pure, but for the calling thread's name.
std::string FormatLine(const Event& event, const LineStyle& style, Timestamp now, std::string_view invocation_id);
// Whether the style shows the event at all.
bool Shows(const LineStyle& style, const Event& event);
// What was asked for (rows, lists, print()): shown bare, and also when quiet.
bool IsAnswer(const Event& event);
// The message with dbt's colours: the state between brackets, [WARNING] and [ERROR], the last verdict.
std::string Colored(const Event& event);
// The time of day as dbt's lines begin with it.
std::string TimeOfDay(Timestamp time, bool microseconds);
// "MainThread", "Thread-1 (worker)": what dbt calls the calling thread. A thread names itself before it says anything.
std::string_view ThreadName();

// Writes lines to a stream that it does not own; one write a line, so that lines of threads never mix.
class LineSink : public EventSink {
 public:
  LineSink(std::FILE* stream, LineStyle style, const Clock& clock, const Redactor& redactor, std::string invocation_id);
  void Emit(const Event& event) override;
  const LineStyle& style() const { return style_; }

 private:
  std::FILE* const stream_;
  const LineStyle style_;
  const Clock& clock_;
  const Redactor& redactor_;
  const std::string invocation_id_;
};

// Answers bare on standard output, everything else to another sink: what a command says that is used in pipes.
class AnswerSink : public EventSink {
 public:
  AnswerSink(EventSink& others, const Redactor& redactor) : others_(others), redactor_(redactor) {}
  void Emit(const Event& event) override;

 private:
  EventSink& others_;
  const Redactor& redactor_;
};

// dbt.log: opened, and set aside when it has grown over `max_bytes`, at the first event. A log that cannot be written
// never stops a command: it is reported once through `complain`, then left alone. Lines of debug wait for the next of a
// higher level, or a tenth of a second, so that a process that is killed has told of all but its last moment.
class LogFileSink : public EventSink {
 public:
  struct Settings {
    std::string directory;
    LineStyle style;
    int64_t max_bytes = 0;  // 0: no limit
    std::string invocation_id;
  };
  LogFileSink(Settings settings, const Clock& clock, const Redactor& redactor, EventSink& complain);
  ~LogFileSink() override;
  void Emit(const Event& event) override;

 private:
  bool Open();
  void Flush(Timestamp now);

  const Settings settings_;
  const Clock& clock_;
  const Redactor& redactor_;
  EventSink& complain_;
  std::mutex mutex_;
  std::FILE* file_ = nullptr;  // guarded by mutex_, as all below
  bool tried_ = false;
  std::string waiting_;  // whole lines
  Timestamp flushed_at_;
};

// Before all others: of each kind of deprecation only the first is passed on, unless all are wanted; in the end they
// are counted.
class DeprecationSink : public EventSink {
 public:
  // `width`: of the summary's lines.
  DeprecationSink(EventSink& next, bool show_all, int width) : next_(next), show_all_(show_all), width_(width) {}
  void Emit(const Event& event) override;
  // dbt's summary, when there was any.
  void Summarize();

 private:
  EventSink& next_;
  struct Seen {
    std::string name, code;
    int times = 0;
  };

  const bool show_all_;
  const int width_;
  std::mutex mutex_;
  std::vector<Seen> seen_;  // in the order of their first times; guarded by mutex_
};

// Hands each event to several sinks, in order.
class FanoutSink : public EventSink {
 public:
  void Add(EventSink& sink) { sinks_.push_back(&sink); }  // before the first event
  void Emit(const Event& event) override {
    for (EventSink* sink : sinks_) sink->Emit(event);
  }

 private:
  std::vector<EventSink*> sinks_;
};

}  // namespace stir::cli
