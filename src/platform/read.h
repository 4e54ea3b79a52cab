// From nodes to definitions, one function a section; the seam between loading (load.cc) and binding (bind.cc).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "platform/definitions.h"
#include "platform/reader.h"

namespace stir::platform {

// What definitions are read against.
struct ReadContext {
  std::filesystem::path project_dir;  // absolute
  std::string target_name;
};

Connection ReadConnection(const std::string& name, const YamlNode& node, const ReadContext& context, Reader& reader);
// References to the manifest stay unresolved (graph ids 0); check.cc resolves them.
Ingestion ReadIngestion(const YamlNode& node, Reader& reader);
Publication ReadPublication(const YamlNode& node, Reader& reader);
// Tasks with their groups, flattened, needs and branch targets resolved, wired.
Pipeline ReadPipeline(const YamlNode& node, const ReadContext& context, Reader& reader);
// When a pipeline runs: schedule, timezone, start, end, missed, skip_when, calendar.
void ReadWhen(Pipeline& pipeline, Fields& fields);
HolidayCalendar ReadHolidays(const yaml::Entry& entry, Reader& reader);
// What a kind of task says beside name, needs and the like: read again, with a run's values, into a copy of the task.
void ReadTaskBody(Task& task, const ReadContext& context, Reader& reader);
// Those of them that reach out of the project (read_outside.cc).
void ReadHttpTask(Task& task, Fields& fields, Reader& reader);
void ReadSshTask(Task& task, Fields& fields);
void ReadWaitTask(Task& task, Fields& fields, Reader& reader);
void ReadTriggerTask(Task& task, Fields& fields);
void ReadHttpConnection(Connection& connection, Fields& fields);
void ReadSshConnection(Connection& connection, Fields& fields, const ReadContext& context);
// What alerts go to, beside files and webhooks (read_alerts.cc).
void ReadPagerDutyConnection(Connection& connection, Fields& fields);
void ReadEmailConnection(Connection& connection, Fields& fields);
std::vector<SecretSource> ReadSecrets(const yaml::Node& node, const ReadContext& context, Reader& reader);

// `source('a', 'b')` or `ref('m')`, with or without `{{ }}`: the callee's literal arguments. An error says what is
// wanted.
std::optional<std::vector<std::string>> ReadCall(const yaml::Node& node, std::string_view callee, Reader& reader);

}  // namespace stir::platform
