// `stir sql`: where the text comes from and how rows are printed.
#include <unistd.h>

#include <fmt/format.h>

#include "adapter/kinds.h"
#include "cli/commands.h"
#include "cli/kinds.h"
#include "cli/session.h"
#include "engine/sql.h"
#include "engine/table_text.h"

namespace stir::cli {
namespace {

constexpr size_t kTableRows = 1000;  // a table is measured before it is printed; more rows want CSV or JSON

std::string ReadStandardInput() {
  std::string text;
  std::array<char, 1 << 16> buffer{};
  for (size_t got; (got = std::fread(buffer.data(), 1, buffer.size(), stdin)) > 0;) text.append(buffer.data(), got);
  return text;
}

Result<engine::SqlRequest> ReadRequest(const Arguments& arguments) {
  engine::SqlRequest request;
  request.connection = arguments.Text("on");
  request.text = arguments.Positional(0);
  request.name = "<query>";
  const std::string file = arguments.Text("file");
  if (!file.empty() && !request.text.empty()) {
    return Diagnostic(kBadUsage, "a query and `--file` cannot both be given");
  }
  if (!file.empty() && file != "-") {
    STIR_ASSIGN(request.text, SystemFiles().Read(file));
    request.name = file;
  } else if (request.text.empty() || request.text == "-") {
    if (isatty(STDIN_FILENO) != 0 && file.empty() && request.text.empty()) {
      return Diagnostic(kBadUsage, "`sql` needs a query")
          .Hint("give it as an argument, with --file, or on standard input");
    }
    request.text = ReadStandardInput();
    request.name = "<stdin>";
  }
  return request;
}

// Prints the results of one invocation in one form.
class Printer {
 public:
  Printer(std::string form, std::optional<int64_t> limit, const Redactor& redactor)
      : form_(std::move(form)), limit_(limit), redactor_(redactor) {}

  Status Print(adapter::Rows& rows) {
    const int64_t changed = rows.outcome().rows_affected;
    if (rows.columns().empty() || changed >= 0) {
      if (form_ == "table")
        Put(changed < 0 ? rows.outcome().message + "\n" : fmt::format("{} row{}\n", changed, changed == 1 ? "" : "s"));
      return {};
    }
    if (printed_++ > 0 && form_ != "json") Put("\n");
    if (form_ == "json") return PrintJson(rows);
    return form_ == "csv" ? PrintCsv(rows) : PrintTable(rows);
  }

 private:
  void Put(const std::string& text) const {
    const std::string clean = redactor_.Redact(text);
    std::fwrite(clean.data(), 1, clean.size(), stdout);
  }

  // Hands each row to `use`, up to the limit.
  template <typename Use>
  Status ForEach(adapter::Rows& rows, Use use) const {
    engine::TableRow row;
    for (int64_t count = 0; !limit_ || count < *limit_; ++count) {
      STIR_ASSIGN(const bool more, rows.Next(row));
      if (!more) break;
      use(row);
    }
    return {};
  }

  Status PrintJson(adapter::Rows& rows) const {
    std::string separator = "[";
    STIR_TRY(ForEach(rows, [&](const engine::TableRow& row) {
      Put(separator + engine::JsonRow(rows.columns(), row));
      separator = ",\n ";
    }));
    Put(separator == "[" ? "[]\n" : "]\n");
    return {};
  }

  Status PrintCsv(adapter::Rows& rows) const {
    Put(engine::CsvHeader(rows.columns()));
    return ForEach(rows, [&](const engine::TableRow& row) { Put(engine::CsvRow(row)); });
  }

  Status PrintTable(adapter::Rows& rows) const {
    std::vector<engine::TableRow> kept;
    bool cut = false;
    STIR_TRY(ForEach(rows, [&](const engine::TableRow& row) {
      if (limit_ || kept.size() < kTableRows) {
        kept.push_back(row);
      } else {
        cut = true;
      }
    }));
    Put(engine::TableText(rows.columns(), kept));
    if (cut) Put(fmt::format("(the first {} rows; --limit for more, -o csv for all)\n", kTableRows));
    return {};
  }

  const std::string form_;
  const std::optional<int64_t> limit_;
  const Redactor& redactor_;
  int printed_ = 0;
};

}  // namespace

int RunSql(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  auto request = ReadRequest(arguments);
  if (!request.ok()) return ReportFailure(request.error(), session);
  std::optional<int64_t> limit = arguments.Integer("row-limit");
  if (limit && *limit < 0) limit.reset();
  Printer printer(arguments.Text("table-output"), limit, session.redactor);
  const Status status = engine::RunSql(session.host(), MakeOptions(arguments, session), *request,
                                       [&](adapter::Rows& rows) { return printer.Print(rows); });
  std::fflush(stdout);
  if (status.ok()) return 0;
  ReportFailure(status.error(), session);
  const Kind kind = status.error().front().kind;
  return kind == adapter::kDatabaseError || kind == adapter::kCanceled ? 1 : 2;
}

}  // namespace stir::cli
