// Batches are data chunks of the engine; the table function hands their vectors on without a copy.
#include "adapter/duckdb/feeds.h"

#include <fmt/format.h>
#include <algorithm>
#include <exception>
#include <utility>

#include "adapter/duckdb/feed_types.h"
#include "adapter/kinds.h"

namespace stir::adapter::duckdb {
namespace {

constexpr const char* kFeedFunction = "_stir_feed";

class WrittenVector final : public FeedVector {
 public:
  WrittenVector(const Api& api, duckdb_vector vector) : api_(api), vector_(vector) {
    data_ = api.vector_get_data(vector);
  }

  void SetBytes(size_t row, std::string_view bytes) override {
    auto& text = static_cast<duckdb_string_t*>(data_)[row];
    if (bytes.size() <= sizeof text.value.inlined.inlined) {
      text.value.inlined = {};  // what is behind a short text is compared, too
      text.value.inlined.length = static_cast<uint32_t>(bytes.size());
      std::ranges::copy(bytes, text.value.inlined.inlined);
      return;
    }
    api_.unsafe_vector_assign_string_element_len(vector_, row, bytes.data(), bytes.size());
  }

  FeedVector& Elements(size_t size) override {
    api_.list_vector_reserve(vector_, size);
    api_.list_vector_set_size(vector_, size);
    if (elements_ == nullptr) elements_ = std::make_unique<WrittenVector>(api_, api_.list_vector_get_child(vector_));
    elements_->Moved();
    return *elements_;
  }

 private:
  void AddValidity() override {
    api_.vector_ensure_validity_writable(vector_);
    validity_ = api_.vector_get_validity(vector_);
  }
  void Moved() {
    data_ = api_.vector_get_data(vector_);
    validity_ = api_.vector_get_validity(vector_);
  }

  const Api& api_;
  duckdb_vector vector_;
  std::unique_ptr<WrittenVector> elements_;
};

class WrittenBatch final : public FeedBatch {
 public:
  WrittenBatch(const Api& api, std::vector<duckdb_logical_type>& types)
      : api_(api), chunk_(api, api.create_data_chunk(types.data(), types.size())) {
    columns_.reserve(types.size());
    for (size_t i = 0; i < types.size(); ++i) columns_.emplace_back(api, api.data_chunk_get_vector(chunk_.get(), i));
  }

  FeedVector& column(size_t index) override { return columns_[index]; }
  void SetRows(size_t rows) override { api_.data_chunk_set_size(chunk_.get(), rows); }

  void Show(duckdb_data_chunk output) const {
    for (size_t i = 0; i < columns_.size(); ++i) {
      api_.vector_reference_vector(api_.data_chunk_get_vector(output, i), api_.data_chunk_get_vector(chunk_.get(), i));
    }
    api_.data_chunk_set_size(output, api_.data_chunk_get_size(chunk_.get()));
  }

 private:
  const Api& api_;
  ChunkHandle chunk_;
  std::vector<WrittenVector> columns_;
};

}  // namespace

struct Feeds::Entry {
  std::vector<FeedColumn> columns;
  std::vector<TypeHandle> types;
  FeedSource source;
  std::unique_ptr<FeedBatch> shown;  // what the engine may still look at
};

class Feeds::Handle final : public Feed {
 public:
  Handle(Feeds& feeds, int64_t number, std::shared_ptr<Entry> entry)
      : feeds_(feeds), number_(number), entry_(std::move(entry)) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() override { feeds_.Remove(number_); }

  std::string sql() const override { return fmt::format("{}({})", kFeedFunction, number_); }
  std::unique_ptr<FeedBatch> MakeBatch() const override {
    std::vector<duckdb_logical_type> types;
    types.reserve(entry_->types.size());
    for (const TypeHandle& type : entry_->types) types.push_back(type.get());
    return std::make_unique<WrittenBatch>(feeds_.api_, types);
  }

 private:
  Feeds& feeds_;
  int64_t number_;
  std::shared_ptr<Entry> entry_;
};

Result<std::unique_ptr<Feeds>> Feeds::Open(const Api& api, duckdb_connection connection) {
  std::unique_ptr<Feeds> feeds(new Feeds(api));
  const TypeHandle number(api, api.create_logical_type(DUCKDB_TYPE_BIGINT));
  const TableFunctionHandle function(api, api.create_table_function());
  api.table_function_set_name(function.get(), kFeedFunction);
  api.table_function_add_parameter(function.get(), number.get());
  api.table_function_set_extra_info(function.get(), feeds.get(), nullptr);
  api.table_function_set_bind(function.get(), &Feeds::Bind);
  api.table_function_set_init(function.get(), [](duckdb_init_info) {});
  api.table_function_set_function(function.get(), &Feeds::Produce);
  if (api.register_table_function(connection, function.get()) != DuckDBSuccess)
    return Diagnostic(kDatabaseError, "the table function of feeds could not be registered");
  return feeds;
}

Result<std::unique_ptr<Feed>> Feeds::Add(std::vector<FeedColumn> columns, FeedSource source) {
  auto entry = std::make_shared<Entry>();
  for (const FeedColumn& column : columns) entry->types.push_back(MakeType(api_, column.type));
  entry->columns = std::move(columns);
  entry->source = std::move(source);
  const std::lock_guard lock(mutex_);
  entries_[++last_] = entry;
  return std::unique_ptr<Feed>(std::make_unique<Handle>(*this, last_, std::move(entry)));
}

std::shared_ptr<Feeds::Entry> Feeds::Find(int64_t number) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(number);
  return found == entries_.end() ? nullptr : found->second;
}

void Feeds::Remove(int64_t number) {
  const std::lock_guard lock(mutex_);
  entries_.erase(number);
}

void Feeds::Bind(duckdb_bind_info info) {
  const Api& api = *LoadApi().value();
  auto* feeds = static_cast<Feeds*>(api.bind_get_extra_info(info));
  duckdb_value value = api.bind_get_parameter(info, 0);
  std::shared_ptr<Entry> entry = feeds->Find(api.get_int64(value));
  api.destroy_value(&value);
  if (entry == nullptr) return api.bind_set_error(info, "there is no such feed");
  for (size_t i = 0; i < entry->columns.size(); ++i)
    api.bind_add_result_column(info, entry->columns[i].name.c_str(), entry->types[i].get());
  api.bind_set_bind_data(info, new std::shared_ptr<Entry>(std::move(entry)),
                         [](void* held) { delete static_cast<std::shared_ptr<Entry>*>(held); });
}

void Feeds::Produce(duckdb_function_info info, duckdb_data_chunk output) {
  const Api& api = *LoadApi().value();
  Entry& entry = **static_cast<std::shared_ptr<Entry>*>(api.function_get_bind_data(info));
  try {
    auto next = entry.source();
    if (!next.ok()) return api.function_set_error(info, next.error().front().message.c_str());
    entry.shown = *std::move(next);
    if (entry.shown == nullptr) return api.data_chunk_set_size(output, 0);
    static_cast<const WrittenBatch&>(*entry.shown).Show(output);
  } catch (const std::exception& error) {  // none may cross the engine's frames
    api.function_set_error(info, error.what());
  }
}

}  // namespace stir::adapter::duckdb
