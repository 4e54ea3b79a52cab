// A model as files: the engine writes a folder of its own for each generation; untouched partitions are hard links to
// the generation before, so that every generation is whole.
#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <system_error>

#include "adapter/cell.h"
#include "base/json.h"
#include "base/strings.h"
#include "transfer/builder.h"
#include "transfer/kinds.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

namespace stdfs = std::filesystem;
using platform::Format;

constexpr const char* kManifest = "_manifest.json";

std::string_view Extension(Format format) {
  switch (format) {
    case Format::kParquet:
      return "parquet";
    case Format::kCsv:
      return "csv";
    case Format::kJsonl:
      return "jsonl";
  }
  return "";
}

class FilesBuilder final : public Builder {
 public:
  FilesBuilder(const PublishRequest& request, Files& files)
      : request_(request),
        publication_(request.publication),
        files_(files),
        place_(FolderPlace(request.to.root / *request.publication.to.path, files)),
        format_(*request.publication.to.format) {
    for (const auto& column : publication_.to.partition_by) partitions_.push_back(*column);
  }

  Place& place() override { return *place_; }

  Result<int64_t> RowsBefore(adapter::Connection&, int64_t live) override {
    if (live == 0) return int64_t{-1};
    before_ = place_->Of(live);
    STIR_ASSIGN(const std::string text, files_.Read(before_ / kManifest));
    manifest_before_ = ReadJson(text);
    if (!manifest_before_.is_object()) return int64_t{-1};
    // A partition's rows can only be compared once it is known which partitions come.
    return publication_.strategy.value == platform::Strategy::kPartition ? int64_t{-1}
                                                                         : manifest_before_.value("rows", int64_t{-1});
  }

  Status Open(adapter::Connection&, int64_t generation) override {
    folder_ = place_->Of(generation);
    STIR_TRY(files_.Remove(folder_));
    return files_.MakeDirectories(folder_);
  }

  Status Build(adapter::Connection& connection, const Model& model, PublishOutcome& outcome) override {
    outcome.inserted = model.fingerprint.rows;
    const stdfs::path to = partitions_.empty() ? folder_ / fmt::format("part-0.{}", Extension(format_)) : folder_;
    STIR_TRY(connection.Execute(
        fmt::format("COPY (SELECT * FROM {}) TO {} ({})", model.sql, Lit(to.string()), CopyOptions())));
    return {};
  }

  Status Finish(adapter::Connection& connection, const Model& model, PublishOutcome& outcome) override {
    if (model.fingerprint.rows > 0 || partitions_.empty()) STIR_TRY(Verify(connection, model));
    for (const auto& [path, rows] : written_) outcome.rows += rows;
    outcome.partitions = static_cast<int64_t>(CountPartitions());
    if (*publication_.strategy == platform::Strategy::kPartition) STIR_TRY(LinkOthers(outcome));
    outcome.files = static_cast<int64_t>(written_.size());
    return WriteManifest(outcome);
  }

  void Abandon(adapter::Connection&) override {}

 private:
  std::string CopyOptions() const {
    std::string out;
    switch (format_) {
      case Format::kParquet:
        out = "FORMAT parquet";
        break;
      case Format::kCsv:
        out = "FORMAT csv, HEADER true";
        break;
      case Format::kJsonl:
        out = "FORMAT json";
        break;
    }
    for (const auto& [name, value] : publication_.to.options) out += fmt::format(", {} {}", ToUpper(name), Lit(value));
    if (!partitions_.empty())
      out += fmt::format(", PARTITION_BY ({}), FILENAME_PATTERN 'part-{{i}}'", Idents(partitions_));
    return out;
  }

  std::string ReadBack(const Model& model) const {
    std::vector<std::string> hive;
    std::vector<std::string> inside;
    for (const ModelColumn& column : model.columns) {
      // What a path or a text says of a value is read as text and cast.
      if (FindColumn(partitions_, column.name) != nullptr)
        hive.push_back(fmt::format("{}: VARCHAR", Lit(column.name)));
      else
        inside.push_back(fmt::format("{}: '{}'", Lit(column.name), ReplaceAll(TextSafe(column.type), "'", "''")));
    }
    std::string options = hive.empty()
                              ? ", hive_partitioning = false"
                              : fmt::format(", hive_partitioning = true, hive_types = {{{}}}", JoinText(hive, ", "));
    const std::string glob = Lit((folder_ / "**" / fmt::format("*.{}", Extension(format_))).string());
    if (format_ == Format::kParquet)
      return fmt::format("read_parquet({}, filename = '_stir_filename'{})", glob, options);
    options += fmt::format(", columns = {{{}}}", JoinText(inside, ", "));
    if (format_ == Format::kJsonl)
      return fmt::format("read_json({}, format = 'newline_delimited', filename = '_stir_filename'{})", glob, options);
    for (const auto& [name, value] : publication_.to.options) {
      if (ToLower(name) == "delim" || ToLower(name) == "delimiter") options += fmt::format(", delim = {}", Lit(value));
    }
    return fmt::format(
        "read_csv({}, auto_detect = false, header = true, quote = '\"', escape = '\"', allow_quoted_nulls = false, "
        "filename = '_stir_filename'{})",
        glob, options);
  }

  // Nested values are one text in a CSV.
  std::string TextSafe(const std::string& type) const {
    const bool nested = type.find_first_of("[(") != std::string::npos && !type.starts_with("DECIMAL");
    return format_ == Format::kCsv && nested ? "VARCHAR" : type;
  }

  Status Verify(adapter::Connection& connection, const Model& model) {
    const std::string from = ReadBack(model);
    auto taken = TakeFingerprint(connection, model.columns, from);
    if (!taken.ok()) {
      return Diagnostic(
                 kVerifyFailed,
                 fmt::format("the files written cannot be read back as they were: {}", taken.error().front().message),
                 publication_.span)
          .Hint("nothing was published; cast the column to a type that the format has");
    }
    const Fingerprint& written = *taken;
    if (written != model.fingerprint) {
      return Diagnostic(
                 kVerifyFailed,
                 fmt::format(
                     "the files hold {} rows where {} were written{}", written.rows, model.fingerprint.rows,
                     written.rows == model.fingerprint.rows ? ", and some values did not come back the same" : ""),
                 publication_.span)
          .Hint(written.rows == model.fingerprint.rows ? "nothing was published; `format: parquet` keeps every type"
                                                       : "nothing was published; check the disk, and run this again");
    }
    STIR_ASSIGN(const auto rows,
                QueryAll(connection, fmt::format("SELECT _stir_filename, count(*) FROM {} GROUP BY 1", from)));
    for (const auto& row : rows) {
      written_[stdfs::path(CellText(row[0])).lexically_relative(folder_).string()] = std::get<int64_t>(row[1]);
    }
    if (written_.empty()) written_[fmt::format("part-0.{}", Extension(format_))] = 0;
    return {};
  }

  static std::string PartitionOf(const std::string& file) { return stdfs::path(file).parent_path().string(); }

  size_t CountPartitions() const {
    std::vector<std::string> names;
    for (const auto& [path, rows] : written_) names.push_back(PartitionOf(path));
    std::ranges::sort(names);
    return static_cast<size_t>(std::ranges::unique(names).begin() - names.begin());
  }

  // Partitions that the model does not have now stay as they are.
  Status LinkOthers(PublishOutcome& outcome) {
    if (!manifest_before_.is_object()) return {};
    std::vector<std::string> replaced;
    for (const auto& [path, rows] : written_) replaced.push_back(PartitionOf(path));
    int64_t rows_replaced = 0;
    std::map<std::string, int64_t> others;
    for (const Json& file : manifest_before_["files"]) {
      const std::string path = file["path"];
      const int64_t rows = file["rows"];
      if (FindColumn(replaced, PartitionOf(path)) != nullptr)
        rows_replaced += rows;
      else
        others[path] = rows;
    }
    outcome.rows_before = rows_replaced;
    STIR_TRY(CheckShrink(outcome));
    for (const auto& [path, rows] : others) {
      STIR_TRY(files_.MakeDirectories((folder_ / path).parent_path()));
      std::error_code error;
      stdfs::create_hard_link(before_ / path, folder_ / path, error);
      if (error)
        return Diagnostic(kVerifyFailed,
                          fmt::format("`{}` could not be kept: {}", (before_ / path).string(), error.message()))
            .Hint("the folder must be on a file system with hard links");
      outcome.rows += rows;
    }
    written_.merge(others);
    return {};
  }

  Status CheckShrink(const PublishOutcome& outcome) const {
    const auto& limit = publication_.require.max_shrink;
    if (!limit || outcome.rows_before <= 0) return {};
    const double before = static_cast<double>(outcome.rows_before);
    const double shrink = (before - static_cast<double>(outcome.inserted)) / before;
    if (shrink <= *limit) return {};
    return Diagnostic(
               kRequirementFailed,
               fmt::format("the partitions of `{}` have {} rows, {:.1f} % fewer than the {} that are published; at "
                           "most {:g} % are allowed",
                           publication_.from.model, outcome.inserted, shrink * 100, outcome.rows_before, *limit * 100),
               publication_.require.span)
        .Hint("nothing was published; see why rows are missing, or raise `max_shrink`");
  }

  Status WriteManifest(const PublishOutcome& outcome) {
    Json list = Json::array();
    for (const auto& [path, rows] : written_) {
      STIR_ASSIGN(const FileStat stat, files_.Stat(folder_ / path));
      list.push_back({{"path", path}, {"rows", rows}, {"bytes", stat.size}});
    }
    const Json manifest = {{"publication", publication_.name}, {"generation", outcome.generation},
                           {"run_id", request_.run_id},        {"published_at", FormatTimestamp(request_.now)},
                           {"format", Extension(format_)},     {"rows", outcome.rows},
                           {"partition_by", partitions_},      {"files", std::move(list)}};
    return files_.WriteAtomic(folder_ / kManifest, WriteJson(manifest, 2) + "\n");
  }

  const PublishRequest& request_;
  const platform::Publication& publication_;
  Files& files_;
  std::unique_ptr<DiskPlace> place_;
  Format format_;
  std::vector<std::string> partitions_;
  stdfs::path before_;
  stdfs::path folder_;
  Json manifest_before_;
  std::map<std::string, int64_t> written_;  // rows by path below the generation's folder
};

}  // namespace

Result<std::unique_ptr<Builder>> MakeFilesBuilder(const PublishRequest& request, Files& files) {
  const platform::Publication& publication = request.publication;
  if (*publication.strategy == platform::Strategy::kPartition && publication.to.partition_by.empty()) {
    return Diagnostic(kBadPublication,
                      fmt::format("publication `{}` replaces partitions, but has no `partition_by`", publication.name),
                      publication.strategy.span)
        .Hint("`partition_by: [column, ...]`, or `strategy: files` to replace everything");
  }
  if (*publication.to.format == Format::kJsonl && !publication.to.partition_by.empty()) {
    return Diagnostic(kTransferNotBuilt, "JSON lines cannot be written by partition yet", publication.to.format.span)
        .Hint("`format: parquet` and `format: csv` can");
  }
  return std::unique_ptr<Builder>(std::make_unique<FilesBuilder>(request, files));
}

}  // namespace stir::transfer
