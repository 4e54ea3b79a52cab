// The functions of DuckDB's C API that stir calls, found in libduckdb.so at run time, and owners for its handles.
// One list declares, finds and names them; the header is only compiled against, never linked with.
#pragma once

#include <duckdb.h>
#include <string>
#include <utility>

#include "base/result.h"

namespace stir::adapter::duckdb {

// clang-format off
#define STIR_DUCKDB_FUNCTIONS(X)                                                                          \
  X(library_version) X(free)                                                                              \
  X(create_instance_cache) X(get_or_create_from_cache) X(open_ext) X(close)                               \
  X(connect) X(disconnect) X(interrupt)                                                                   \
  X(create_config) X(set_config) X(destroy_config)                                                        \
  X(extract_statements) X(extract_statements_error) X(prepare_extracted_statement) X(destroy_extracted)   \
  X(destroy_prepare) X(prepare_error) X(prepared_statement_type) X(prepared_statement_column_count)       \
  X(prepared_statement_column_name) X(prepared_statement_column_logical_type)                             \
  X(pending_prepared) X(pending_prepared_streaming) X(pending_error) X(execute_pending) X(destroy_pending) \
  X(destroy_result) X(result_error) X(result_error_type) X(result_return_type) X(rows_changed)            \
  X(column_count) X(column_name) X(column_logical_type) X(fetch_chunk)                                    \
  X(destroy_data_chunk) X(data_chunk_get_size) X(data_chunk_set_size) X(data_chunk_get_vector)            \
  X(vector_get_data) X(vector_get_validity) X(vector_reference_vector)                                    \
  X(get_type_id) X(logical_type_get_alias) X(decimal_width) X(decimal_scale) X(decimal_internal_type)     \
  X(enum_internal_type) X(enum_dictionary_size) X(enum_dictionary_value) X(destroy_logical_type)          \
  X(create_table_function) X(table_function_set_name) X(table_function_set_extra_info)                    \
  X(table_function_set_bind) X(table_function_set_init) X(table_function_set_function)                    \
  X(table_function_add_parameter) X(register_table_function) X(destroy_table_function)                    \
  X(bind_get_extra_info) X(bind_add_result_column) X(bind_get_parameter) X(bind_set_bind_data)            \
  X(bind_set_error) X(get_int64) X(destroy_value)                                                         \
  X(function_get_extra_info) X(function_get_bind_data) X(function_set_error)                              \
  X(create_logical_type) X(create_decimal_type) X(create_list_type) X(list_type_child_type)               \
  X(logical_type_set_alias)                                                                               \
  X(create_data_chunk) X(vector_ensure_validity_writable) X(unsafe_vector_assign_string_element_len)      \
  X(list_vector_get_child) X(list_vector_reserve) X(list_vector_set_size)
// clang-format on

struct Api {
#define STIR_DUCKDB_MEMBER(name) decltype(&::duckdb_##name) name = nullptr;
  STIR_DUCKDB_FUNCTIONS(STIR_DUCKDB_MEMBER)
#undef STIR_DUCKDB_MEMBER
};

// The library's functions, opened once in the process and never closed. It is looked for as libduckdb.so in
// $STIR_LIB_DIR, beside the program, in ../lib from there, where the build put it, and last by the system's own rules.
// Thread safe.
Result<const Api*> LoadApi();

// Where the library was found.
std::string LibraryFolder(const Api& api);

// Owns one handle of the C API; `destroy` is the member of Api that takes the handle's address.
template <typename T, auto destroy>
class Handle {
 public:
  explicit Handle(const Api& api, T value = nullptr) : api_(&api), value_(value) {}
  Handle(Handle&& other) noexcept : api_(other.api_), value_(std::exchange(other.value_, nullptr)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(api_, other.api_);
    std::swap(value_, other.value_);
    return *this;
  }
  ~Handle() { Reset(); }

  T get() const { return value_; }
  explicit operator bool() const { return value_ != nullptr; }
  // For the functions that fill a handle; what was held is destroyed first.
  T* out() {
    Reset();
    return &value_;
  }
  void Reset() {
    if (value_ != nullptr) (api_->*destroy)(&value_);
    value_ = nullptr;
  }

 private:
  const Api* api_;
  T value_;
};

using DatabaseHandle = Handle<duckdb_database, &Api::close>;
using ConnectionHandle = Handle<duckdb_connection, &Api::disconnect>;
using ConfigHandle = Handle<duckdb_config, &Api::destroy_config>;
using StatementsHandle = Handle<duckdb_extracted_statements, &Api::destroy_extracted>;
using PreparedHandle = Handle<duckdb_prepared_statement, &Api::destroy_prepare>;
using PendingHandle = Handle<duckdb_pending_result, &Api::destroy_pending>;
using ChunkHandle = Handle<duckdb_data_chunk, &Api::destroy_data_chunk>;
using TypeHandle = Handle<duckdb_logical_type, &Api::destroy_logical_type>;
using TableFunctionHandle = Handle<duckdb_table_function, &Api::destroy_table_function>;

// A result is a struct, not a handle, and may only be destroyed once it was filled.
class ResultHandle {
 public:
  explicit ResultHandle(const Api& api) : api_(&api) {}
  ResultHandle(ResultHandle&& other) noexcept
      : api_(other.api_), value_(other.value_), filled_(std::exchange(other.filled_, false)) {}
  ResultHandle& operator=(ResultHandle&&) = delete;
  ~ResultHandle() {
    if (filled_) api_->destroy_result(&value_);
  }
  duckdb_result* get() { return &value_; }
  duckdb_result* out() {
    filled_ = true;
    return &value_;
  }

 private:
  const Api* api_;
  duckdb_result value_{};
  bool filled_ = false;
};

// A string that the library allocated, as ours.
std::string TakeString(const Api& api, char* text);

}  // namespace stir::adapter::duckdb
