// YAML 1.1 as PyYAML's safe loader reads it, as nodes that carry their place.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/source_map.h"

namespace stir::yaml {

enum class Type : uint8_t { kNull, kBool, kInt, kFloat, kDate, kTimestamp, kString, kSequence, kMapping };

struct Entry;

// A resolved node: merge keys applied, aliases shared by copy of the pointer, scalars typed by PyYAML's rules
// (yes/no/on/off, 010 octal, 1:30 sexagesimal, 1_000, 2024-01-01 a date). Immutable after Parse.
struct Node {
  Type type = Type::kNull;
  bool quoted = false;   // a scalar in quotes or a block scalar: kString unless a tag (`!!int`) says otherwise
  Span span;             // the node's bytes in the source (for a scalar: without its quotes)
  std::string text;      // scalars: the scalar's text after YAML's own escapes
  bool boolean = false;  // kBool
  int64_t integer = 0;   // kInt when it fits 64 bits; else `big` is true and text has the decimal digits
  bool big = false;
  double real = 0;                                 // kFloat
  std::vector<std::shared_ptr<const Node>> items;  // kSequence
  std::vector<Entry> entries;                      // kMapping, in the file's order; the last of duplicate keys wins
  // True when text[i] came from the byte span.begin + i for every i (plain and simply quoted scalars): Jinja inside can
  // then be shown at its own place.
  bool verbatim = false;

  bool IsNull() const { return type == Type::kNull; }
  bool IsString() const { return type == Type::kString; }
  bool IsSequence() const { return type == Type::kSequence; }
  bool IsMapping() const { return type == Type::kMapping; }
  bool IsScalar() const { return type < Type::kSequence; }
  // The value of a key (its text), or null.
  const Node* Find(std::string_view key) const;
  const Entry* FindEntry(std::string_view key) const;
};

struct Entry {
  std::shared_ptr<const Node> key;
  std::shared_ptr<const Node> value;
};

struct Document {
  std::shared_ptr<const Node> root;  // a kNull node for an empty file
  Diagnostics warnings;              // duplicate keys, each with both places
};

// The source's one document (a second one is an error). Syntax errors carry the place and, for the usual slips (tab as
// indentation, an unquoted colon, an unquoted `{{`), a hint. Nesting over 200 levels and alias bombs (over 10 M nodes)
// are errors.
Result<Document> Parse(const SourceMap& sources, SourceId source);

}  // namespace stir::yaml
