// What a pipeline's run says while it works, as events whose `data` is JSON for those who draw. One line each
// elsewhere.
//
// S101 PipelineRunStarted   {run, pipeline, logical_date, interval_start, interval_end, tasks, resumed}
// S102 TaskStarted          {run, task, parent, kind, attempt, total, ended}
// S103 TaskFinished         {run, task, parent, kind, attempt, state, seconds, message, total, ended, allowed}
// S104 TaskWillRetry        {run, task, parent, kind, attempt, seconds, message, retry_in}
// S105 TaskSkipped          {run, task, parent, kind, state, total, ended}
// S106 TaskExpanded         {run, task, kind, children}
// S107 TaskOutput           {run, task, stream, line}            (debug: what a process wrote)
// S108 AlertSent            {run, channel, task} / S109 AlertFailed {run, channel, error}
// S110 PipelineRunFinished  {run, pipeline, logical_date, state, notes, seconds, counts}
// S112 PipelineRunAccount   {run}                                (the message is a page: run_text.h)
// S115 TaskEdited           (what a person's command does to a task, in a line)
// S120 ServiceStarted / S126 ServiceStopping; S121 DefinitionLoaded / S122 DefinitionsRefused; S123 IntervalLeftOut,
// PipelinePaused; S124 ServiceTrouble; S125 RunWaits, S127 RunsForgotten: of the service (service.cc), without data
// S113 TaskWaits            {run, task, parent, kind, attempt, message}
// S114 TaskLost             {run, task, parent, kind, attempt, seconds, message}   (it runs again)
// S111 BackfillPlanned      {pipeline, intervals: [{start, end, run}]}
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/diagnostic.h"
#include "base/event.h"
#include "base/secret.h"
#include "scheduler/calendar.h"
#include "scheduler/plan.h"

namespace stir::engine {

struct TaskStory {
  int64_t run = 0;
  std::string_view task, parent, kind;
  int attempt = 0;
  size_t total = 0, ended = 0;  // leaves of the run known so far, and how many of them have ended
};

// Words the events; thread safe. Texts are redacted before they leave.
class PipelineNarrator {
 public:
  PipelineNarrator(EventSink& sink, const Redactor& redactor) : sink_(sink), redactor_(redactor) {}

  void RunStarted(int64_t run, std::string_view pipeline, const scheduler::Interval& interval,
                  const scheduler::Zone& zone, size_t tasks, bool resumed) const;
  // `goes_on`: it was started by a process that is no more.
  void TaskStarted(const TaskStory& story, bool goes_on = false) const;
  void TaskWaits(const TaskStory& story, std::string_view message) const;
  void TaskFinished(const TaskStory& story, scheduler::TaskState state, double seconds, std::string_view message,
                    bool allowed) const;
  void TaskWillRetry(const TaskStory& story, double seconds, std::string_view message, Duration retry_in) const;
  void TaskLost(const TaskStory& story, double seconds, std::string_view message) const;
  void TaskSkipped(const TaskStory& story, scheduler::TaskState state) const;
  void TaskExpanded(const TaskStory& story, size_t children) const;
  void TaskOutput(const TaskStory& story, bool is_error, std::string_view line) const;
  void AlertSent(int64_t run, std::string_view channel, std::string_view task) const;
  void AlertFailed(int64_t run, std::string_view channel, std::string_view error, bool given_up) const;
  void RunAccountGiven(int64_t run, std::string_view page) const;
  void RunFinished(int64_t run, std::string_view pipeline, const scheduler::Interval& interval,
                   const scheduler::Zone& zone, scheduler::TaskState state, const scheduler::Summary& summary,
                   std::string_view notes, double seconds) const;

 private:
  void Emit(std::string_view code, std::string_view name, Level level, std::string message, std::string data) const;

  EventSink& sink_;
  const Redactor& redactor_;
};

}  // namespace stir::engine
