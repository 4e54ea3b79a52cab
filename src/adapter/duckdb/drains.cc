#include "adapter/duckdb/drains.h"

#include <fmt/format.h>

#include "adapter/duckdb/errors.h"
#include "adapter/duckdb/feed_types.h"
#include "adapter/kinds.h"

namespace stir::adapter::duckdb {
namespace {

class ReadVector final : public DrainVector {
 public:
  ReadVector(const Api& api, duckdb_vector vector, const FeedType& type) {
    data_ = api.vector_get_data(vector);
    validity_ = api.vector_get_validity(vector);
    if (type.kind == FeedKind::kList)
      elements_ = std::make_unique<ReadVector>(api, api.list_vector_get_child(vector), *type.element);
  }

  std::string_view Bytes(size_t row) const override { return StringAt(data_, row); }
  const DrainVector& Elements() const override { return *elements_; }

 private:
  std::unique_ptr<ReadVector> elements_;
};

class ReadBatch final : public DrainBatch {
 public:
  ReadBatch(const Api& api, ChunkHandle chunk, const std::vector<FeedType>& types)
      : chunk_(std::move(chunk)), rows_(api.data_chunk_get_size(chunk_.get())) {
    columns_.reserve(types.size());
    for (size_t i = 0; i < types.size(); ++i)
      columns_.emplace_back(api, api.data_chunk_get_vector(chunk_.get(), i), types[i]);
  }
  size_t rows() const override { return rows_; }
  const DrainVector& column(size_t index) const override { return columns_[index]; }

 private:
  ChunkHandle chunk_;
  size_t rows_;
  std::vector<ReadVector> columns_;
};

class ResultDrain final : public Drain {
 public:
  ResultDrain(std::shared_ptr<SessionState> state, uint64_t run, Executed executed, std::vector<FeedType> types)
      : state_(std::move(state)), run_(run), executed_(std::move(executed)), types_(std::move(types)) {}
  ResultDrain(const ResultDrain&) = delete;
  ResultDrain& operator=(const ResultDrain&) = delete;
  ~ResultDrain() override { state_->End(run_); }

  Result<std::unique_ptr<DrainBatch>> Next() override {
    if (state_->canceled && state_->newest == run_) return ErrorFrom("", true);
    const Api& api = state_->api();
    ChunkHandle chunk(api, api.fetch_chunk(*executed_.result.get()));
    if (chunk) return std::unique_ptr<DrainBatch>(std::make_unique<ReadBatch>(api, std::move(chunk), types_));
    state_->End(run_);
    if (const char* error = api.result_error(executed_.result.get()))
      return ErrorFrom(error, api.result_error_type(executed_.result.get()) == DUCKDB_ERROR_INTERRUPT);
    return std::unique_ptr<DrainBatch>();
  }

 private:
  std::shared_ptr<SessionState> state_;
  uint64_t run_;
  Executed executed_;
  std::vector<FeedType> types_;
};

bool IsOf(const Api& api, duckdb_logical_type given, const FeedType& wanted) {
  if (api.get_type_id(given) != TypeIdOf(wanted.kind)) return false;
  if (wanted.kind == FeedKind::kDecimal)
    return api.decimal_width(given) == wanted.width && api.decimal_scale(given) == wanted.scale;
  if (wanted.kind != FeedKind::kList) return true;
  const TypeHandle element(api, api.list_type_child_type(given));
  return IsOf(api, element.get(), *wanted.element);
}

}  // namespace

Result<std::unique_ptr<Drain>> OpenDrainOf(std::shared_ptr<SessionState> state, uint64_t run, Executed executed,
                                           const std::vector<FeedType>& types) {
  const Api& api = state->api();
  duckdb_result* result = executed.result.get();
  bool same = api.column_count(result) == types.size();
  for (idx_t i = 0; same && i < types.size(); ++i) {
    const TypeHandle type(api, api.column_logical_type(result, i));
    same = IsOf(api, type.get(), types[i]);
  }
  auto drain = std::make_unique<ResultDrain>(std::move(state), run, std::move(executed), types);
  if (!same) return Diagnostic(kDatabaseError, "the columns of a drained query are of other types than expected");
  return std::unique_ptr<Drain>(std::move(drain));
}

}  // namespace stir::adapter::duckdb
