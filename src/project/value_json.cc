#include "project/value_json.h"

namespace stir::project {

void WriteValue(JsonWriter& json, const jinja::Value& value) {
  using enum jinja::Type;
  switch (value.type()) {
    case kUndefined:
    case kNone:
      json.Null();
      return;
    case kBool:
      json.Bool(value.AsBool());
      return;
    case kInt:
      json.Int(value.AsInt());
      return;
    case kFloat:
      json.Double(value.AsFloat());
      return;
    case kString:
      json.String(value.AsString());
      return;
    case kList:
    case kTuple:
      json.BeginArray();
      for (const jinja::Value& item : value.Items()) WriteValue(json, item);
      json.EndArray();
      return;
    case kDict:
      json.BeginObject();
      for (const auto& [key, item] : value.AsDict().entries()) {
        if (key.IsString()) {
          json.Key(key.AsString());
        } else {
          const Result<std::string> text = key.Str();
          json.Key(text.ok() ? *text : "");
        }
        WriteValue(json, item);
      }
      json.EndObject();
      return;
    case kObject: {
      const Result<std::string> text = value.Str();
      if (text.ok()) {
        json.String(*text);
      } else {
        json.Null();
      }
      return;
    }
  }
}

}  // namespace stir::project
