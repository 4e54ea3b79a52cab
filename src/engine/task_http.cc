// `http` tasks: a request, or one a page, over the engine that alerts go out on. What is saved appears whole or not at
// all.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/http.h"
#include "base/json.h"
#include "base/strings.h"
#include "engine/kinds.h"
#include "engine/task_job.h"
#include "platform/bind.h"
#include "pylib/convert.h"

namespace stir::engine {
namespace {

constexpr size_t kMostKept = size_t{64} << 10;  // in the task's outputs
constexpr Duration kLongestWish = std::chrono::hours(24);
constexpr int kMostHops = 10;
constexpr size_t kShown = 300;  // of a body, in an error

bool IsWhole(std::string_view url) { return url.starts_with("http://") || url.starts_with("https://"); }

// "https://host:port" of a URL.
std::string_view OriginOf(std::string_view url) {
  const size_t host = url.find("://");
  return host == url.npos ? std::string_view()
                          : url.substr(0, std::min(url.find_first_of("/?#", host + 3), url.size()));
}

std::string Below(std::string_view base, std::string_view path) {
  while (base.ends_with('/')) base.remove_suffix(1);
  if (path.empty()) return std::string(base);
  return fmt::format("{}{}{}", base, path.starts_with('/') || path.starts_with('?') ? "" : "/", path);
}

std::string Escaped(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    escaped += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return escaped;
}

// The URL with this value for a parameter of its query, in place of one that it has.
std::string WithParameter(std::string_view url, std::string_view name, std::string_view value) {
  const size_t query = std::min(url.find('?'), url.size());
  std::string result(url.substr(0, query));
  char separator = '?';
  const std::string_view given = url.substr(std::min(query + 1, url.size()));
  for (const std::string_view each : Split(given, '&')) {
    if (each.empty() || each.substr(0, each.find('=')) == name) continue;
    result += separator + std::string(each);
    separator = '&';
  }
  return fmt::format("{}{}{}={}", result, separator, name, Escaped(value));
}

std::string_view HeaderOf(const HttpResponse& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (ToLower(key) == name) return value;
  return {};
}

// `Link: <https://api/x?page=2>; rel="next"`, the target as it is written.
std::string NextLink(std::string_view header) {
  while (true) {
    const size_t open = header.find('<'), close = header.find('>', open);
    if (open == header.npos || close == header.npos) return {};
    const size_t end = std::min(header.find('<', close), header.size());
    const std::string rest = ToLower(header.substr(close, end - close));
    if (rest.find("rel=\"next\"") != rest.npos || rest.find("rel=next") != rest.npos)
      return std::string(header.substr(open + 1, close - open - 1));
    header.remove_prefix(close + 1);
  }
}

// What "a.b.0" leads to; null where it leads nowhere.
const Json* At(const Json& json, std::string_view path) {
  const Json* at = &json;
  if (path.empty()) return at;
  for (const std::string_view part : Split(path, '.')) {
    if (at->is_object()) {
      const auto found = at->find(std::string(part));
      if (found == at->end()) return nullptr;
      at = &*found;
      continue;
    }
    size_t index = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), index);
    if (!at->is_array() || error != std::errc() || end != part.data() + part.size() || index >= at->size())
      return nullptr;
    at = &(*at)[index];
  }
  return at;
}

std::string JsonText(const Json& json) { return json.is_string() ? json.get<std::string>() : WriteJson(json); }

// Seconds, or a date; nothing where it says nothing that we understand.
Duration RetryAfter(std::string_view header, Timestamp now) {
  int64_t seconds = 0;
  const auto [end, error] = std::from_chars(header.data(), header.data() + header.size(), seconds);
  if (error != std::errc() || end != header.data() + header.size()) {
    std::tm parts{};
    if (strptime(std::string(header).c_str(), "%a, %d %b %Y %H:%M:%S GMT", &parts) == nullptr) return Duration{0};
    seconds = timegm(&parts) - std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
  }
  return std::clamp<Duration>(std::chrono::seconds(seconds), Duration{0}, kLongestWish);
}

class HttpTask {
 public:
  HttpTask(TaskJob& job, const platform::Task& bound) : job_(job), call_(bound.http) {}

  TaskResult Run() {
    Status done = Prepare();
    if (done.ok()) done = call_.save->empty() ? Fetch() : FetchToFile();
    if (done.ok()) return Succeeded();
    Diagnostics errors = done.error();
    for (Diagnostic& error : errors)
      if (!error.span) error.span = call_.url.span;
    TaskResult result = FailedTask(std::move(errors));
    result.outcome.not_before = not_before_;
    return result;
  }

 private:
  Status Prepare() {
    if (!call_.connection->empty()) {
      Workspace& workspace = job_.workspace;
      STIR_ASSIGN(const platform::Connection* defined, workspace.definitions().FindConnection(*call_.connection));
      platform::RunScope scope(workspace.values(), workspace.definitions(), workspace.secrets(), job_.facts);
      STIR_ASSIGN(connection_, platform::BindConnection(workspace.definitions(), *defined, scope));
    }
    url_ = IsWhole(*call_.url) ? *call_.url : Below(connection_.url, *call_.url);
    if (!IsWhole(url_))
      return Diagnostic(kHttpRefused, fmt::format("`{}` is no address", url_), call_.url.span)
          .Hint("write it whole, `https://...`, or name a `connection` of type `http` with a `base_url`");
    request_.body = call_.body;
    if (!call_.json.IsUndefined()) {
      STIR_ASSIGN(const Json json, pylib::ToJson(call_.json));
      request_.body = WriteJson(json);
    }
    request_.method = !call_.method.empty() ? call_.method : request_.body.empty() ? "GET" : "POST";
    request_.cancel = job_.interruption.token();
    only_reads_ = request_.method == "GET" || request_.method == "HEAD";
    if (!call_.json.IsUndefined()) AddHeader("Content-Type", "application/json");
    // The same for every attempt: a service that knows such keys does the work once.
    if (!only_reads_)
      AddHeader("Idempotency-Key", Md5Hex(fmt::format("{}/{}/{}", job_.facts.pipeline, job_.facts.run_id, job_.name)));
    return {};
  }

  // What the user says about a header wins.
  void AddHeader(std::string_view name, std::string value) {
    const auto is_it = [&](const auto& header) { return ToLower(header.first) == ToLower(name); };
    if (std::ranges::any_of(call_.headers, is_it) || std::ranges::any_of(connection_.headers, is_it)) return;
    request_.headers.emplace_back(name, std::move(value));
  }

  // Headers and credentials stay with the host that they were given for: a page or a redirect may name any other.
  HttpRequest RequestFor(const std::string& url) const {
    HttpRequest request = request_;
    request.url = url;
    if (OriginOf(url) != OriginOf(connection_.url.empty() ? url_ : connection_.url)) return request;
    request.credentials = connection_.credentials;
    request.headers.insert(request.headers.end(), connection_.headers.begin(), connection_.headers.end());
    for (const auto& header : call_.headers) {
      std::erase_if(request.headers, [&](const auto& each) { return ToLower(each.first) == ToLower(header.first); });
      request.headers.push_back(header);
    }
    return request;
  }

  // Follows redirects of what only reads.
  Result<HttpResponse> Send(std::string& url) {
    Http& http = job_.workspace.host().http ? *job_.workspace.host().http : SystemHttp();
    for (int hop = 0;; ++hop) {
      STIR_ASSIGN(HttpResponse response, http.Send(RequestFor(url)));
      status_ = response.status;
      job_.log.Write(fmt::format("{} {}: {}, {} bytes", request_.method, url, status_, response.body.size()));
      const std::string_view location = HeaderOf(response, "location");
      if (status_ / 100 != 3 || location.empty() || !only_reads_ || hop == kMostHops) return response;
      url = Resolved(std::string(location), url);
    }
  }

  Result<HttpResponse> Get(std::string url) {
    STIR_ASSIGN(HttpResponse response, Send(url));
    bytes_ += response.body.size();
    const bool good = status_ / 100 == 2 || std::ranges::find(call_.expect, status_) != call_.expect.end();
    if (good) return response;
    job_.log.Write(response.body);
    not_before_ = RetryAfter(HeaderOf(response, "retry-after"), job_.workspace.host().clock.Now());
    const bool may_pass = status_ >= 500 || status_ == 408 || status_ == 425 || status_ == 429;
    const std::string_view said = Strip(std::string_view(response.body).substr(0, kShown));
    return Diagnostic(may_pass ? kHttpFailed : kHttpRefused,
                      fmt::format("the answer is {}{}{}", status_, said.empty() ? "" : ": ", said), call_.url.span);
  }

  Status Fetch() {
    std::string kept;
    STIR_TRY(Pages([&](std::string_view part) {
      if (kept.size() <= kMostKept) kept += part;
      return Status();
    }));
    if (kept.size() > kMostKept) {
      note_ = fmt::format("; {} bytes are too many to keep: `save` them", bytes_);
      return {};
    }
    if (!call_.pages) {
      const Json json = ReadJson(kept);
      outputs_["body"] = json.is_discarded() ? Json(kept) : json;
      return {};
    }
    Json items = Json::array();
    for (const std::string_view line : Split(kept, '\n'))
      if (!line.empty()) items.push_back(ReadJson(line));
    outputs_["records"] = std::move(items);
    return {};
  }

  Status FetchToFile() {
    const fs::path path = (job_.workspace.definitions().project_dir / *call_.save).lexically_normal();
    Files& files = job_.workspace.host().files;
    STIR_TRY(files.MakeDirectories(path.parent_path()));
    STIR_TRY(files.WriteParts(path, [&](const Files::PartSink& sink) { return Pages(sink); }));
    STIR_TRY(files.SyncFile(path));
    STIR_TRY(files.SyncDirectory(path.parent_path()));
    outputs_["path"] = *call_.save;
    return {};
  }

  // Hands out the body, or every page's rows as JSON lines.
  Status Pages(const Files::PartSink& sink) {
    std::string url = url_;
    for (int64_t page = 1;; ++page) {
      STIR_ASSIGN(const HttpResponse response, Get(url));
      if (!call_.pages) return sink(response.body);
      const Json body = ReadJson(response.body);
      STIR_TRY(HandOut(body, page, sink));
      outputs_["pages"] = page;
      const std::string next = NextOf(response, body, url);
      if (next.empty()) return {};
      if (next == url)
        return Diagnostic(kHttpRefused, fmt::format("page {} names itself as the next", page), call_.url.span);
      if (page == call_.pages->limit)
        return Diagnostic(kHttpRefused, fmt::format("there are more than {} pages", page), call_.url.span)
            .Hint("raise `limit` of `pages`");
      url = next;
    }
  }

  Status HandOut(const Json& body, int64_t page, const Files::PartSink& sink) {
    const std::string& path = call_.pages->items;
    const Json* items = body.is_discarded() ? nullptr : At(body, path);
    if (!items || !items->is_array())
      return Diagnostic(kHttpRefused,
                        body.is_discarded() ? fmt::format("page {} is no JSON", page)
                                            : fmt::format("page {} has no list {}", page,
                                                          path.empty() ? "of rows" : fmt::format("at `{}`", path)),
                        call_.url.span)
          .Hint("`items` of `pages` says where the rows are: `data.items`; without it the page is the list");
    rows_ += static_cast<int64_t>(items->size());
    std::string lines;
    for (const Json& item : *items) lines += WriteJson(item) + "\n";
    return sink(lines);
  }

  std::string NextOf(const HttpResponse& response, const Json& body, const std::string& url) const {
    const auto& pages = *call_.pages;
    if (pages.next.empty()) return Resolved(NextLink(HeaderOf(response, "link")), url);
    const Json* next = At(body, pages.next);
    if (!next || next->is_null() || next->is_object() || next->is_array()) return {};
    const std::string text = JsonText(*next);
    if (text.empty() || text == "false") return {};
    return pages.param.empty() ? Resolved(text, url) : WithParameter(url, pages.param, text);
  }

  static std::string Resolved(const std::string& link, const std::string& url) {
    if (link.empty() || IsWhole(link)) return link;
    const std::string_view path = std::string_view(url).substr(0, url.find_first_of("?#"));
    if (link.starts_with('?')) return std::string(path) + link;
    if (link.starts_with('/')) return std::string(OriginOf(url)) + link;
    const size_t folder = path.rfind('/');
    return folder <= OriginOf(url).size() ? fmt::format("{}/{}", OriginOf(url), link)
                                          : std::string(path.substr(0, folder + 1)) + link;
  }

  TaskResult Succeeded() {
    TaskResult result;
    outputs_["status"] = status_;
    if (call_.pages) outputs_["rows"] = rows_;
    const std::string rows = call_.pages ? fmt::format("{} row{}", rows_, rows_ == 1 ? "" : "s") : "";
    result.message = fmt::format("{}{}{}{}{}", status_, rows.empty() ? "" : ", ", rows,
                                 call_.save->empty() ? "" : fmt::format(" in {}", *call_.save), note_);
    result.outputs = WriteJson(outputs_);
    return result;
  }

  TaskJob& job_;
  const platform::HttpCall& call_;
  platform::Connection connection_;
  std::string url_;
  HttpRequest request_;  // all but the address and what belongs to it
  bool only_reads_ = true;
  Json outputs_ = Json::object();
  int status_ = 0;
  int64_t rows_ = 0;
  size_t bytes_ = 0;
  std::string note_;
  Duration not_before_{0};
};

}  // namespace

TaskResult RunHttpTask(TaskJob& job, const platform::Task& bound) { return HttpTask(job, bound).Run(); }

}  // namespace stir::engine
