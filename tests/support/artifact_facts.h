// dbt's artifacts as facts.
#pragma once

#include <string>
#include <string_view>

#include "tests/support/facts.h"

namespace stir::testing_support {

// `name`: "manifest.json", "run_results.json", "catalog.json", "sources.json"; `text`: its bytes, with paths replaced.
// One that is not JSON is a failure of the running test.
void AddArtifact(std::string_view name, const std::string& text, Facts& facts);

// The lines of a log in JSON: how many events of each name there were at level info and above, and the class of an
// error that ended the command.
void AddEvents(const std::string& log, Facts& facts);

std::string JsonText(std::string_view text);

// Times of about now, wherever they stand in the text, as "<now>".
std::string WithoutNow(std::string text);

}  // namespace stir::testing_support
