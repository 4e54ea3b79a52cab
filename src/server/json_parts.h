// The forms that several resources write: times, runs, pages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "server/http.h"
#include "store/records.h"

namespace stir::server {

// A time in RFC 3339, or null.
void WriteTime(JsonWriter& json, std::string_view key, std::optional<Timestamp> time);
void WriteInt(JsonWriter& json, std::string_view key, std::optional<int64_t> number);
// Null where it is empty.
void WriteText(JsonWriter& json, std::string_view key, std::string_view text);
// How long it took, or has taken up to now; null where it has not begun.
void WriteSeconds(JsonWriter& json, std::string_view key, std::optional<Timestamp> begin, std::optional<Timestamp> end,
                  Timestamp now);
// JSON that the store holds as text; `fallback` where it is none.
void WriteStored(JsonWriter& json, std::string_view key, const std::string& text, std::string_view fallback = "{}");

void WriteRun(JsonWriter& json, const store::Run& run, Timestamp now);

// {"items": [...], "next": CURSOR}: `write` writes the items. `next` is empty on the last page.
class Page {
 public:
  Page() { json_.BeginObject().Key("items").BeginArray(); }
  JsonWriter& json() { return json_; }
  Response End(std::string_view next);

 private:
  JsonWriter json_;
};

Response JsonResponse(JsonWriter json, int status = 200);

}  // namespace stir::server
