#include "server/json_parts.h"

#include <nlohmann/json.hpp>

namespace stir::server {

void WriteTime(JsonWriter& json, std::string_view key, std::optional<Timestamp> time) {
  json.Key(key);
  if (time)
    json.String(FormatTimestamp(*time));
  else
    json.Null();
}

void WriteInt(JsonWriter& json, std::string_view key, std::optional<int64_t> number) {
  json.Key(key);
  if (number)
    json.Int(*number);
  else
    json.Null();
}

void WriteText(JsonWriter& json, std::string_view key, std::string_view text) {
  json.Key(key);
  if (text.empty())
    json.Null();
  else
    json.String(text);
}

void WriteSeconds(JsonWriter& json, std::string_view key, std::optional<Timestamp> begin, std::optional<Timestamp> end,
                  Timestamp now) {
  json.Key(key);
  if (!begin)
    json.Null();
  else
    json.Double(std::chrono::duration<double>(end.value_or(now) - *begin).count());
}

void WriteStored(JsonWriter& json, std::string_view key, const std::string& text, std::string_view fallback) {
  json.Key(key);
  json.Raw(ReadJson(text).is_discarded() ? fallback : std::string_view(text));
}

void WriteRun(JsonWriter& json, const store::Run& run, Timestamp now) {
  json.BeginObject().Key("id").Int(run.id).Key("pipeline").String(run.pipeline).Key("type").String(run.run_type);
  json.Key("sequence").Int(run.sequence).Key("state").String(ToString(run.state)).Key("notes").String(run.notes);
  WriteTime(json, "logical_date", run.logical_date);
  WriteTime(json, "interval_start", run.data_interval_start);
  WriteTime(json, "interval_end", run.data_interval_end);
  WriteStored(json, "params", run.params);
  WriteText(json, "wish", run.wish);
  WriteInt(json, "backfill", run.backfill);
  WriteText(json, "triggered_by", run.triggered_by);
  WriteText(json, "holder", run.holder);
  WriteTime(json, "created_at", run.created_at);
  WriteTime(json, "started_at", run.started_at);
  WriteTime(json, "ended_at", run.ended_at);
  WriteSeconds(json, "seconds", run.started_at, run.ended_at, now);
  json.EndObject();
}

Response Page::End(std::string_view next) {
  json_.EndArray();
  WriteText(json_, "next", next);
  json_.EndObject();
  return JsonResponse(std::move(json_));
}

Response JsonResponse(JsonWriter json, int status) {
  return {.status = status, .type = "application/json", .body = std::move(json).Take(), .headers = {}, .feed = {}};
}

}  // namespace stir::server
