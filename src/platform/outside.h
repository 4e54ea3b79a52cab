// What tasks ask of the world outside the project's databases: a web service, something to wait for, another pipeline.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "jinja/value.h"
#include "platform/placed.h"

namespace stir::platform {

// `http:` one request, or one a page.
struct HttpCall {
  Placed<std::string> url;         // whole, or below the connection's base_url
  Placed<std::string> connection;  // of type http; empty: none
  std::string method;              // empty: GET, with a body POST
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  jinja::Value json;        // sent as JSON in place of `body`; undefined: none
  std::vector<int> expect;  // statuses that are no failure, beside 2xx
  struct Pages {
    std::string items;  // where the rows of a page are: "data.items"; empty: the page is the list
    std::string next;   // where a page names the next: a URL, or a value for `param`; empty: the header Link
    std::string param;  // the query's parameter that takes it
    int64_t limit = 1000;
  };
  std::optional<Pages> pages;
  Placed<std::string> save;  // a file of the project that gets the body, or the rows as JSON lines
};

// `wait:` until something is so. Nothing is held meanwhile: no worker, no slot, no connection.
struct Wait {
  enum class For : uint8_t { kTime, kDuration, kFile, kSql, kPipeline };
  For what = For::kTime;
  Placed<std::string> subject;     // the time, the file (a glob), the statement, the pipeline
  Duration duration{0};            // of kDuration, from when the task first began
  Placed<std::string> connection;  // of kFile (else the project's folder) and kSql
  std::string task;                // of kPipeline: this task of it; empty: the run
  std::string logical_date;        // of kPipeline; empty: the newest interval that ends with ours, or before
  Duration every{0};               // how often to look; 0: soon at first, then less and less often
  bool skip_on_timeout = false;    // out of time, the task is skipped, not failed
};

// `trigger:` a run of another pipeline.
struct Trigger {
  Placed<std::string> pipeline;
  jinja::Value params;               // laid over the pipeline's own; undefined: none
  std::string logical_date;          // empty: the newest interval that ends with ours, or before
  bool wait_for_completion = false;  // the task ends with the run, and as it does
};

}  // namespace stir::platform
