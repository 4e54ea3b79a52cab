// Lookup is by package, then by name; the built-in packages count as one, the adapter's macros before the general ones.
#include "project/macros.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "project/kinds.h"
#include "project/text_map.h"

namespace stir::project {

namespace {

constexpr std::string_view kBuiltIn = "dbt";

bool IsGenericTestName(std::string_view name) { return name.starts_with("test_"); }

}  // namespace

struct MacroIndex::Tables {
  TextMap<TextMap<MacroId>> packages;  // by package, then by name; built-in packages by their own names too
  TextMap<MacroId> built_in;           // of all built-in packages, the most specific wins
  TextMap<MacroId> unique_ids;
  TextMap<jinja::Value> namespaces;  // by package; of the built-in ones only "dbt"
  bool IsInternal(std::string_view package, const MacroLayout& layout) const {
    return std::ranges::find(layout.internal, package) != layout.internal.end();
  }
};

// A package's name in a template: its attributes are its macros. Lives no longer than its index.
class PackageNamespace final : public jinja::Object {
 public:
  PackageNamespace(const MacroIndex& index, const TextMap<MacroId>& names) : index_(index), names_(names) {}
  std::string_view TypeName() const override { return "MacroNamespace"; }
  Result<std::optional<jinja::Value>> GetAttribute(jinja::CallContext&, std::string_view name) override {
    return Get(name);
  }
  Result<std::optional<jinja::Value>> GetItem(jinja::CallContext&, const jinja::Value& key) override {
    if (!key.IsString()) return std::optional<jinja::Value>();
    return Get(key.AsString());
  }

 private:
  std::optional<jinja::Value> Get(std::string_view name) const {
    auto found = names_.find(name);
    if (found == names_.end()) return std::nullopt;
    return index_.at(found->second).callable;
  }

  const MacroIndex& index_;
  const TextMap<MacroId>& names_;
};

MacroIndex::~MacroIndex() = default;

MacroIndex::MacroIndex(std::vector<Macro> macros, MacroLayout layout, Diagnostics& errors)
    : macros_(std::move(macros)), layout_(std::move(layout)) {
  auto tables = std::make_unique<Tables>();
  for (size_t i = 0; i < macros_.size(); ++i) {
    Macro& macro = macros_[i];
    macro.id = static_cast<MacroId>(i);
    macro.unique_id = "macro." + macro.package + "." + macro.name;
    const auto [place, fresh] = tables->packages[macro.package].emplace(macro.name, macro.id);
    if (!fresh) {
      errors.push_back(Diagnostic(kDuplicateMacro,
                                  "two macros in package `" + macro.package + "` have the name `" + macro.name + "`",
                                  macro.name_span)
                           .With({macros_[place->second].name_span, "the other one"})
                           .Hint("rename one of them"));
      continue;
    }
    tables->unique_ids.emplace(macro.unique_id, macro.id);
  }
  for (const std::string& package : layout_.internal) {
    for (const auto& [name, id] : tables->packages[package]) tables->built_in.emplace(name, id);
  }
  tables->packages[layout_.root];  // a root without macros is still a namespace
  for (const auto& [package, names] : tables->packages) {
    if (!tables->IsInternal(package, layout_))
      tables->namespaces.emplace(package, jinja::Value::New<PackageNamespace>(*this, names));
  }
  tables->namespaces.emplace(kBuiltIn, jinja::Value::New<PackageNamespace>(*this, tables->built_in));
  tables_ = std::move(tables);
  for (Macro& macro : macros_) FindDependencies(macro);
}

void MacroIndex::FindDependencies(Macro& macro) const {
  auto add = [&](const Macro* needed) {
    if (needed && std::ranges::find(macro.depends_on, needed->id) == macro.depends_on.end())
      macro.depends_on.push_back(needed->id);
  };
  const std::vector<std::string> callees = macro.source->Callees();
  std::vector<jinja::CallSite> calls;  // with their arguments, where some are asked for
  for (size_t number = 0; number < callees.size(); ++number) {
    const std::string& callee = callees[number];
    if (callee == "adapter.dispatch") {
      if (calls.empty()) calls = macro.source->Calls();
      const jinja::CallSite& call = calls[number];
      std::string_view name, space;
      for (size_t i = 0; i < call.arguments.size(); ++i) {
        const auto& argument = call.arguments[i];
        if (!argument.literal.IsString()) continue;
        if (argument.keyword == "macro_name" || (argument.keyword.empty() && i == 0))
          name = argument.literal.AsString();
        if (argument.keyword == "macro_namespace" || (argument.keyword.empty() && i == 1))
          space = argument.literal.AsString();
      }
      if (name.empty()) continue;
      if (Result<const Macro*> found = Dispatch(name, space, macro.package); found.ok()) add(*found);
      continue;
    }
    const size_t dot = callee.find('.');
    if (callee == "ref" || callee == "source" || callee == "config") {
      continue;  // dbt does not count these, even where a project replaces them
    }
    if (dot == std::string::npos) {
      add(Resolve(macro.package, callee));
    } else if (!callee.starts_with("adapter.")) {
      // As dbt, what is no package's macro is looked for by its name alone: `builtins.ref`.
      const std::string_view name = std::string_view(callee).substr(dot + 1);
      const Macro* found = Find(std::string_view(callee).substr(0, dot), name);
      add(found ? found : Resolve(layout_.root, name));
    }
  }
}

const Macro* MacroIndex::Find(std::string_view unique_id) const {
  auto found = tables_->unique_ids.find(unique_id);
  return found == tables_->unique_ids.end() ? nullptr : &macros_[found->second];
}

const Macro* MacroIndex::Find(std::string_view package, std::string_view name) const {
  const TextMap<MacroId>* names = &tables_->built_in;
  if (package != kBuiltIn) {
    auto found = tables_->packages.find(package);
    if (found == tables_->packages.end()) return nullptr;
    names = &found->second;
  }
  auto found = names->find(name);
  return found == names->end() ? nullptr : &macros_[found->second];
}

Macro* MacroIndex::Mutable(std::string_view package, std::string_view name) {
  const Macro* found = Find(package, name);
  return found ? &macros_[found->id] : nullptr;
}

const Macro* MacroIndex::Resolve(std::string_view package, std::string_view name) const {
  const bool internal = tables_->IsInternal(package, layout_);
  if (const Macro* own = internal ? nullptr : Find(package, name)) return own;
  if (const Macro* root = Find(layout_.root, name)) return root;
  return Find(kBuiltIn, name);
}

bool MacroIndex::Lookup(std::string_view package, std::string_view name, jinja::Value& value) const {
  const Macro* macro = Resolve(package, name);
  const bool built_in = !macro || tables_->IsInternal(macro->package, layout_);
  if (built_in) {  // a package's name comes before a built-in macro of the same name
    if (auto found = tables_->namespaces.find(name); found != tables_->namespaces.end()) {
      value = found->second;
      return true;
    }
  }
  if (macro) value = macro->callable;
  return macro != nullptr;
}

bool MacroIndex::IsPackage(std::string_view name) const { return tables_->namespaces.contains(name); }

Result<const Macro*> MacroIndex::Dispatch(std::string_view name, std::string_view macro_namespace,
                                          std::string_view package) const {
  if (name.find('.') != std::string_view::npos) {
    const size_t dot = name.find('.');
    return Diagnostic(kBadCall,
                      "`adapter.dispatch` takes a macro's name without its package, not `" + std::string(name) + "`")
        .Hint("write `adapter.dispatch('" + std::string(name.substr(dot + 1)) + "', '" +
              std::string(name.substr(0, dot)) + "')`");
  }
  std::vector<std::string> search{""};  // "": as a node of `package` sees it
  auto rule = std::ranges::find(layout_.dispatch, macro_namespace, &DispatchRule::macro_namespace);
  if (macro_namespace.empty()) {
    // as it is
  } else if (rule != layout_.dispatch.end()) {
    search = rule->search_order;
  } else if (IsPackage(macro_namespace) || tables_->IsInternal(macro_namespace, layout_)) {
    search = {layout_.root, std::string(macro_namespace)};
  }
  std::vector<std::string> prefixes = layout_.adapter_prefixes;
  prefixes.emplace_back("default");
  std::vector<std::string> tried;
  for (const std::string& place : search) {
    for (const std::string& prefix : prefixes) {
      const std::string wanted = prefix + "__" + std::string(name);
      if (const Macro* macro = place.empty() ? Resolve(package, wanted) : Find(place, wanted)) return macro;
      tried.push_back(place.empty() ? wanted : place + "." + wanted);
    }
  }
  return Diagnostic(kDispatchNotFound, "no macro to dispatch `" + std::string(name) + "` to")
      .Hint("looked for: " + Join(tried, ", "));
}

const Macro* MacroIndex::Materialization(std::string_view name) const {
  std::vector<std::string> adapters = layout_.adapter_prefixes;
  adapters.emplace_back("default");
  for (const std::string& adapter : adapters) {
    const std::string wanted = "materialization_" + std::string(name) + "_" + adapter;
    const Macro* built_in = Find(kBuiltIn, wanted);
    if (const Macro* root = Find(layout_.root, wanted)) return root;
    if (built_in) return built_in;
    for (const Macro& macro : macros_) {
      if (macro.name == wanted) return &macro;
    }
  }
  return nullptr;
}

const Macro* MacroIndex::GenerateName(std::string_view name, std::string_view package) const {
  return Resolve(package, name);
}

const Macro* MacroIndex::GenericTest(std::string_view name, std::string_view macro_namespace,
                                     std::string_view package) const {
  const std::string wanted = "test_" + std::string(name);
  return macro_namespace.empty() ? Resolve(package, wanted) : Find(macro_namespace, wanted);
}

std::vector<std::string> MacroIndex::Names(std::string_view package) const {
  std::vector<std::string> names;
  for (const Macro& macro : macros_) {
    const bool seen =
        macro.package == package || macro.package == layout_.root || tables_->IsInternal(macro.package, layout_);
    if (seen) names.push_back(macro.name);
  }
  return names;
}

std::vector<std::string> MacroIndex::GenericTestNames() const {
  std::vector<std::string> names;
  for (const Macro& macro : macros_) {
    if (!IsGenericTestName(macro.name)) continue;
    const bool qualified = macro.package != layout_.root && !tables_->IsInternal(macro.package, layout_);
    names.push_back((qualified ? macro.package + "." : "") + macro.name.substr(5));
  }
  return names;
}

}  // namespace stir::project
