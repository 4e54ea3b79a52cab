// Any text as a properties file: a document whose places stand inside of the text, or diagnostics that do.
#include <cstdint>
#include <cstdlib>

#include "yaml/node.h"

namespace {

using namespace stir;  // NOLINT(google-build-using-namespace): one short program

void Require(bool promise) {
  if (!promise) std::abort();
}

void StandsInside(const Span& span, size_t size) { Require(!span || (span.begin <= span.end && span.end <= size)); }

// Aliases share their nodes, so a small file can have a large tree: only the first nodes are looked at.
void Look(const yaml::Node& node, std::string_view text, int& left) {
  if (--left < 0) return;
  StandsInside(node.span, text.size());
  if (node.verbatim && node.span) Require(text.substr(node.span.begin, node.text.size()) == node.text);
  for (const auto& item : node.items) Look(*item, text, left);
  for (const yaml::Entry& entry : node.entries) {
    Look(*entry.key, text, left);
    Look(*entry.value, text, left);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  SourceMap sources;
  const SourceId source = sources.Add("fuzz.yml", std::string(reinterpret_cast<const char*>(data), size));
  const auto document = yaml::Parse(sources, source);
  if (document.ok()) {
    int left = 10'000;
    Look(*document->root, sources.Text(source), left);
  } else {
    Require(!document.error().empty());
    for (const Diagnostic& error : document.error()) StandsInside(error.span, size);
  }
  return 0;
}
