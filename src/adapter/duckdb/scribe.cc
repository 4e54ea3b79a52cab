// The private engine that turns vectors and types into text.
#include "adapter/duckdb/scribe.h"

#include <fmt/format.h>

#include "adapter/duckdb/statement.h"
#include "adapter/kinds.h"

namespace stir::adapter::duckdb {
namespace {

constexpr const char* kFunction = "shown";

void AppendTexts(const Api& api, duckdb_data_chunk chunk, idx_t column, std::vector<std::string>& out) {
  duckdb_vector vector = api.data_chunk_get_vector(chunk, column);
  const void* data = api.vector_get_data(vector);
  const uint64_t* validity = api.vector_get_validity(vector);
  for (idx_t row = 0; row < api.data_chunk_get_size(chunk); ++row) {
    out.emplace_back(ValidAt(validity, row) ? StringAt(data, row) : std::string_view());
  }
}

}  // namespace

struct Scribe::Shown {
  std::span<const duckdb_logical_type> types;
  std::span<const duckdb_vector> vectors;
  idx_t rows = 0;
};

std::string_view StringAt(const void* data, idx_t row) {
  const auto& text = static_cast<const duckdb_string_t*>(data)[row];
  const uint32_t length = text.value.inlined.length;
  const char* bytes = length <= sizeof text.value.inlined.inlined ? text.value.inlined.inlined : text.value.pointer.ptr;
  return {bytes, length};
}

bool ValidAt(const uint64_t* validity, idx_t row) {
  return validity == nullptr || (validity[row / 64] >> (row % 64) & 1) != 0;
}

Result<std::unique_ptr<Scribe>> Scribe::Open(const Api& api) {
  std::unique_ptr<Scribe> scribe(new Scribe(api));
  STIR_TRY(scribe->Start());
  return scribe;
}

Status Scribe::Start() {
  ConfigHandle config(api_);
  char* error = nullptr;
  const bool opened = api_.create_config(config.out()) == DuckDBSuccess &&
                      api_.set_config(config.get(), "threads", "1") == DuckDBSuccess &&
                      api_.open_ext(":memory:", database_.out(), config.get(), &error) == DuckDBSuccess &&
                      api_.connect(database_.get(), connection_.out()) == DuckDBSuccess;
  if (!opened) {
    return Diagnostic(kConnectionFailed,
                      fmt::format("an engine in memory could not be opened: {}", TakeString(api_, error)));
  }
  TableFunctionHandle function(api_, api_.create_table_function());
  api_.table_function_set_name(function.get(), kFunction);
  api_.table_function_set_extra_info(function.get(), this, nullptr);
  api_.table_function_set_bind(function.get(), &Scribe::Bind);
  api_.table_function_set_init(function.get(), [](duckdb_init_info) {});
  api_.table_function_set_function(function.get(), &Scribe::Produce);
  if (api_.register_table_function(connection_.get(), function.get()) != DuckDBSuccess) {
    return Diagnostic(kConnectionFailed, "a table function could not be registered in memory");
  }
  STIR_TRY(Ask("SET TimeZone = 'UTC'", {}));
  return {};
}

Result<std::vector<std::vector<std::string>>> Scribe::Ask(const char* sql, const Shown& shown) {
  const std::lock_guard lock(mutex_);
  shown_ = &shown;
  produced_ = false;
  static constexpr std::atomic<bool> kNever = false;
  RunState state{kNever};
  STIR_ASSIGN(auto executed, Run(api_, connection_.get(), sql, Fetch::kAll, state));
  std::vector<std::vector<std::string>> columns(api_.column_count(executed->result.get()));
  while (true) {
    const ChunkHandle chunk(api_, api_.fetch_chunk(*executed->result.get()));
    if (!chunk) return columns;
    for (size_t column = 0; column < columns.size(); ++column) AppendTexts(api_, chunk.get(), column, columns[column]);
  }
}

Result<std::vector<std::string>> Scribe::TypeNames(std::span<const duckdb_logical_type> types) {
  STIR_ASSIGN(auto columns, Ask("SELECT column_type FROM (DESCRIBE FROM shown())", {.types = types, .vectors = {}}));
  return std::move(columns.front());
}

Result<std::vector<std::vector<std::string>>> Scribe::Texts(std::span<const duckdb_logical_type> types,
                                                            std::span<const duckdb_vector> vectors, idx_t rows) {
  return Ask("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM shown()", {.types = types, .vectors = vectors, .rows = rows});
}

void Scribe::Bind(duckdb_bind_info info) {
  const Api& api = *LoadApi().value();
  const auto* scribe = static_cast<const Scribe*>(api.bind_get_extra_info(info));
  for (size_t i = 0; i < scribe->shown_->types.size(); ++i) {
    api.bind_add_result_column(info, fmt::format("c{}", i).c_str(), scribe->shown_->types[i]);
  }
}

void Scribe::Produce(duckdb_function_info info, duckdb_data_chunk output) {
  const Api& api = *LoadApi().value();
  auto* scribe = static_cast<Scribe*>(api.function_get_extra_info(info));
  if (std::exchange(scribe->produced_, true)) {
    api.data_chunk_set_size(output, 0);
    return;
  }
  const Shown& shown = *scribe->shown_;
  for (size_t i = 0; i < shown.vectors.size(); ++i) {
    api.vector_reference_vector(api.data_chunk_get_vector(output, i), shown.vectors[i]);
  }
  api.data_chunk_set_size(output, shown.rows);
}

}  // namespace stir::adapter::duckdb
