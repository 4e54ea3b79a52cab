// --vars is YAML, as everywhere else.
#include "project/invocation.h"

#include "project/kinds.h"
#include "project/yaml_values.h"
#include "yaml/node.h"

namespace stir::project {

Result<jinja::Value> ParseVars(std::string_view yaml_text, SourceMap& sources, std::string_view option) {
  const SourceId source = sources.Add(std::string(option), std::string(yaml_text));
  STIR_ASSIGN(const yaml::Document document, yaml::Parse(sources, source));
  if (document.root->IsNull()) return jinja::Value::MakeDict();
  if (!document.root->IsMapping()) {
    return Diagnostic(kBadVars,
                      std::string(option) + " must be a mapping, not " + std::string(Describe(*document.root)),
                      document.root->span)
        .Hint("write it as YAML or JSON, for example '{region: europe}'");
  }
  return ValueOf(*document.root);
}

}  // namespace stir::project
