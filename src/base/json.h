// JSON: the DOM type (ordered, so that artifacts keep dbt's key order) behind its forward header, and a streaming
// writer for everything large. Only .cc files include <nlohmann/json.hpp>.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace stir {

using Json = nlohmann::ordered_json;

// Parser and printer are compiled here once: in every file that reads JSON they would cost seconds.
Json ReadJson(std::string_view text);                       // discarded (`is_discarded()`) where the text is no JSON
std::string WriteJson(const Json& value, int indent = -1);  // bytes that are not UTF-8 become U+FFFD; -1: one line

// Appends JSON to a string that it owns. Misuse (a value without key in an object) is a programming error (assert).
// Strings must be UTF-8; invalid bytes are written as U+FFFD. Non-ASCII is written as it is.
class JsonWriter {
 public:
  JsonWriter& BeginObject();
  JsonWriter& EndObject();
  JsonWriter& BeginArray();
  JsonWriter& EndArray();
  JsonWriter& Key(std::string_view key);
  JsonWriter& String(std::string_view value);
  JsonWriter& Int(int64_t value);
  JsonWriter& Double(double value);  // as Python's json: shortest round trip, 1.0 keeps its .0, NaN, Infinity
  JsonWriter& Bool(bool value);
  JsonWriter& Null();
  JsonWriter& Raw(std::string_view json);               // an already serialised value
  void Reserve(size_t bytes) { text_.reserve(bytes); }  // large texts: growing by doubling needs three times the room
  // What was written so far, to go elsewhere while writing goes on; its room may be given back for what follows.
  std::string TakePart() { return std::exchange(text_, {}); }
  void GiveBack(std::string room) {
    room.clear();
    if (text_.empty()) text_ = std::move(room);
  }
  const std::string& text() const { return text_; }
  std::string Take() && { return std::move(text_); }

 private:
  void Separate();
  std::string text_;
  bool need_comma_ = false;
};

void AppendJsonString(std::string& out, std::string_view value);  // with quotes

}  // namespace stir
