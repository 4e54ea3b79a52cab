// From the engine's column vectors to Cells, exactly: what a Cell has no form for goes through the Scribe as text.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "adapter/connection.h"
#include "adapter/duckdb/api.h"
#include "adapter/duckdb/scribe.h"

namespace stir::adapter::duckdb {

// Opens the scribe when it is first needed.
using ScribeSource = std::function<Result<Scribe*>()>;

// The engine's full names of the types, also of nested ones.
Result<std::vector<std::string>> TypeNames(const Api& api, std::span<const duckdb_logical_type> types,
                                           const ScribeSource& scribe);

// Reads one chunk after the other of a result with the given column types.
class ChunkReader {
 public:
  ChunkReader(const Api& api, std::vector<TypeHandle> types, std::vector<std::string> names, ScribeSource scribe);

  // Makes `chunk` the one that Read reads; it must outlive the reading.
  Status Show(duckdb_data_chunk chunk);
  void Clear() { rows_ = 0; }
  idx_t rows() const { return rows_; }
  void Read(idx_t row, std::vector<Cell>& out) const;

 private:
  struct Column {
    Column(TypeHandle of, std::string called) : type(std::move(of)), name(std::move(called)) {}
    TypeHandle type;
    std::string name;
    duckdb_type id = DUCKDB_TYPE_INVALID;
    duckdb_type physical = DUCKDB_TYPE_INVALID;  // of a DECIMAL or ENUM
    int scale = 0;
    std::vector<std::string> dictionary;  // of an ENUM
    bool by_scribe = false;
    const void* data = nullptr;
    const uint64_t* validity = nullptr;
    std::vector<std::string> texts;  // of the chunk shown, when by_scribe
  };
  Column MakeColumn(TypeHandle type, std::string name) const;
  Status Transcribe(duckdb_data_chunk chunk);
  Cell CellAt(const Column& column, idx_t row) const;

  const Api& api_;
  ScribeSource scribe_;
  std::vector<Column> columns_;
  idx_t rows_ = 0;
};

}  // namespace stir::adapter::duckdb
