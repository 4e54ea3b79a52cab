// Documents to values and back; JSON text as Python's json.dumps writes it.
#include "pylib/convert.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include <fmt/format.h>

#include "base/json.h"
#include "jinja/json_text.h"
#include "jinja/text.h"
#include "pylib/decimal.h"
#include "pylib/modules.h"
#include "pylib/temporal.h"

namespace stir::pylib {
namespace {

using jinja::Type;
using jinja::Value;

// A whole number beyond 64 bits, as it is written; what is not written in plain digits stays text.
Value BigInteger(std::string_view text) {
  std::string digits;
  const bool negative = text.starts_with('-');
  for (char c : text.substr(negative || text.starts_with('+') ? 1 : 0)) {
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (c != '_') {
      return MakeDecimal(std::string(text));
    }
  }
  const Result<Value> value = jinja::WholeNumber(digits, negative);
  return value.ok() ? *value : Value::String(std::string(text));
}

Value ScalarFromYaml(const yaml::Node& node) {
  switch (node.type) {
    case yaml::Type::kBool:
      return Value::Bool(node.boolean);
    case yaml::Type::kInt:
      return node.big ? BigInteger(node.text) : Value::Int(node.integer);
    case yaml::Type::kFloat:
      return Value::Float(node.real);
    case yaml::Type::kString:
      return Value::String(node.text);
    case yaml::Type::kDate:
    case yaml::Type::kTimestamp: {
      std::optional<Parsed> parsed = ParseIso(node.text);
      if (!parsed) return Value::String(node.text);
      if (node.type == yaml::Type::kDate) return Value::New<DateObject>(parsed->wall / kMicrosPerDay);
      return Value::New<DatetimeObject>(parsed->wall, parsed->zone);
    }
    default:
      return Value::None();
  }
}

std::string KeyText(const Value& key) {
  switch (key.type()) {
    case Type::kString:
      return std::string(key.AsString());
    case Type::kNone:
      return "null";
    case Type::kBool:
      return key.AsBool() ? "true" : "false";
    default:
      break;
  }
  Result<std::string> text = key.Str();
  return text.ok() ? *text : std::string();
}

Result<Json> ObjectToJson(const Value& value) {
  if (value.TypeName() == "int") {
    STIR_ASSIGN(const std::string digits, value.Str());
    return Json(std::strtod(digits.c_str(), nullptr));
  }
  if (const Decimal* decimal = AsDecimal(value)) {
    if (const std::optional<int64_t> whole = WholeOf(*decimal)) return Json(*whole);
    return Json(ToDouble(*decimal));
  }
  if (const auto* date = value.As<DateObject>()) {
    STIR_ASSIGN(std::string text, date->Str());
    return Json(std::move(text));
  }
  if (const auto* datetime = value.As<DatetimeObject>()) return Json(datetime->IsoText('T'));
  return TypeError(fmt::format("Object of type {} is not JSON serializable", value.TypeName()));
}

Result<Json> DictToJson(const jinja::Dict& dict) {
  Json object = Json::object();
  for (const auto& [key, item] : dict.entries()) {
    STIR_ASSIGN(Json json, ToJson(item));
    object[KeyText(key)] = std::move(json);
  }
  return object;
}

void AppendAscii(std::string& out, std::string_view text) {
  out += '"';
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    if (c == '"' || c == '\\') {
      out += '\\', out += c, ++i;
    } else if (static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f) {
      out += c, ++i;
    } else if (c == '\n' || c == '\r' || c == '\t' || c == '\b' || c == '\f') {
      out += '\\', out += c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\b' ? 'b' : 'f', ++i;
    } else {
      char32_t code = jinja::NextCodePoint(text, i);
      if (code >= 0x10000) {
        code -= 0x10000;
        out += fmt::format("\\u{:04x}", 0xd800 + (static_cast<uint32_t>(code) >> 10));
        code = 0xdc00 + (code & 0x3ff);
      }
      out += fmt::format("\\u{:04x}", static_cast<uint32_t>(code));
    }
  }
  out += '"';
}

void AppendNumber(std::string& out, const Json& json) {
  if (!json.is_number_float()) {
    out += WriteJson(json);
    return;
  }
  const double number = json.get<double>();
  out += std::isnan(number)   ? "NaN"
         : std::isinf(number) ? (number < 0 ? "-Infinity" : "Infinity")
                              : jinja::ReprFloat(number);
}

void AppendDump(std::string& out, const Json& json, bool sort_keys) {
  if (json.is_object()) {
    std::vector<const Json::object_t::value_type*> entries;
    for (const auto& entry : json.get_ref<const Json::object_t&>()) entries.push_back(&entry);
    if (sort_keys) std::ranges::sort(entries, {}, [](const auto* entry) -> const std::string& { return entry->first; });
    out += '{';
    for (size_t i = 0; i < entries.size(); ++i) {
      if (i > 0) out += ", ";
      AppendAscii(out, entries[i]->first);
      out += ": ";
      AppendDump(out, entries[i]->second, sort_keys);
    }
    out += '}';
  } else if (json.is_array()) {
    out += '[';
    for (size_t i = 0; i < json.size(); ++i) {
      if (i > 0) out += ", ";
      AppendDump(out, json[i], sort_keys);
    }
    out += ']';
  } else if (json.is_string()) {
    AppendAscii(out, json.get_ref<const std::string&>());
  } else if (json.is_number()) {
    AppendNumber(out, json);
  } else {
    out += WriteJson(json);
  }
}

}  // namespace

Value FromYaml(const yaml::Node& node) {
  if (node.IsSequence()) {
    std::vector<Value> items;
    items.reserve(node.items.size());
    for (const auto& item : node.items) items.push_back(FromYaml(*item));
    return Value::List(std::move(items));
  }
  if (node.IsMapping()) {
    auto dict = jinja::MakeRef<jinja::Dict>();
    for (const yaml::Entry& entry : node.entries) dict->Set(ScalarFromYaml(*entry.key), FromYaml(*entry.value));
    return Value::FromDict(std::move(dict));
  }
  return ScalarFromYaml(node);
}

Value FromJson(const Json& json) {
  switch (json.type()) {
    case Json::value_t::boolean:
      return Value::Bool(json.get<bool>());
    case Json::value_t::number_integer:
      return Value::Int(json.get<int64_t>());
    case Json::value_t::number_unsigned: {
      const uint64_t number = json.get<uint64_t>();
      return number <= INT64_MAX ? Value::Int(static_cast<int64_t>(number)) : BigInteger(std::to_string(number));
    }
    case Json::value_t::number_float:
      return Value::Float(json.get<double>());
    case Json::value_t::string:
      return Value::String(json.get<std::string>());
    case Json::value_t::array: {
      std::vector<Value> items;
      items.reserve(json.size());
      for (const Json& item : json) items.push_back(FromJson(item));
      return Value::List(std::move(items));
    }
    case Json::value_t::object: {
      auto dict = jinja::MakeRef<jinja::Dict>();
      for (const auto& [key, item] : json.get_ref<const Json::object_t&>()) dict->Set(key, FromJson(item));
      return Value::FromDict(std::move(dict));
    }
    default:
      return Value::None();
  }
}

Result<Json> ToJson(const Value& value) {
  switch (value.type()) {
    case Type::kNone:
      return Json(nullptr);
    case Type::kBool:
      return Json(value.AsBool());
    case Type::kInt:
      return Json(value.AsInt());
    case Type::kFloat:
      return Json(value.AsFloat());
    case Type::kString:
      return Json(std::string(value.AsString()));
    case Type::kDict:
      return DictToJson(value.AsDict());
    case Type::kList:
    case Type::kTuple: {
      Json array = Json::array();
      for (const Value& item : value.Items()) {
        STIR_ASSIGN(Json json, ToJson(item));
        array.push_back(std::move(json));
      }
      return array;
    }
    case Type::kObject:
      return ObjectToJson(value);
    case Type::kUndefined:
      break;
  }
  return TypeError("Object of type Undefined is not JSON serializable");
}

Result<std::string> DumpJson(const Value& value, bool sort_keys) {
  STIR_ASSIGN(Json json, ToJson(value));
  std::string out;
  AppendDump(out, json, sort_keys);
  return out;
}

}  // namespace stir::pylib
