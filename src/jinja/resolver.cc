// Gives every name of a template its slot. The rules are Jinja2's: a block of names (template, macro, loop body, ...)
// is looked through as a whole before anything in it runs. A name that it assigns is its own; until then the name has
// the value that it has outside when there is one, or when it is read before, or assigned only in a branch of an `if`;
// otherwise it is undefined. Names that nobody assigns are globals.
#include <vector>

#include "jinja/parser.h"

namespace stir::jinja {
namespace {

class Resolver {
 public:
  Resolver(CompiledTemplate& compiled, Parser& parser)
      : compiled_(compiled),
        parser_(parser),
        names_(parser.names()),
        top_(parser.name_count() + 6, -1),
        globals_(parser.name_count() + 6, -1) {}

  void Run() {
    ResolvePart(*compiled_.root);
    // A block sees nothing of what is around it: its free names are asked for where the template's own are.
    for (BlockStatement* each : compiled_.blocks) ResolvePart(*each->unit);
  }

 private:
  static constexpr uint32_t kNoSlot = ~uint32_t{0};

  struct Binding {
    uint32_t id;
    int32_t outer;  // the binding that this one hides, or -1
    uint32_t slot;  // kNoSlot: only read here, a global
    Unit* unit;
  };

  // The names of one block, in effect while it lives.
  class Scope {
   public:
    explicit Scope(Resolver& resolver)
        : resolver_(resolver),
          first_(resolver.bindings_.size()),
          first_init_(resolver.inits_.size()),
          outer_first_(resolver.scope_first_) {
      resolver.scope_first_ = first_;
    }
    ~Scope() {
      while (resolver_.bindings_.size() > first_) {
        resolver_.top_[resolver_.bindings_.back().id] = resolver_.bindings_.back().outer;
        resolver_.bindings_.pop_back();
      }
      resolver_.inits_.resize(first_init_);
      resolver_.scope_first_ = outer_first_;
    }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    Frame Inits() const {
      return {
          resolver_.compiled_.arena.Copy<SlotInit>(std::span<const SlotInit>(resolver_.inits_).subspan(first_init_))};
    }

   private:
    Resolver& resolver_;
    size_t first_, first_init_, outer_first_;
  };

  // The template itself, or a block.
  void ResolvePart(Unit& unit) {
    unit_ = &unit;
    Scope scope(*this);
    top_level_ = &unit == compiled_.root;
    if (unit.uses_self) unit.self_slot = DeclareSpecial("self");
    if (unit.uses_super) unit.super_slot = DeclareSpecial("super");
    Analyze(unit.body, false);
    unit.frame = scope.Inits();
    top_level_ = false;
    Resolve(unit.body);
  }

  // All names that have a slot here, innermost meaning first.
  std::span<const VisibleName> Visible() {
    std::vector<VisibleName> names;
    for (size_t i = bindings_.size(); i-- > 0;) {
      const Binding& each = bindings_[i];
      if (each.slot == kNoSlot || top_[each.id] != static_cast<int32_t>(i)) continue;
      const std::string_view name = parser_.NameOf(each.id);
      names.push_back({name, VariableOf(each, each.id, name)});
    }
    return compiled_.arena.Copy<VisibleName>(names);
  }

  Binding* Find(uint32_t id) { return top_[id] < 0 ? nullptr : &bindings_[static_cast<size_t>(top_[id])]; }
  bool IsOwn(uint32_t id) const { return top_[id] >= 0 && static_cast<size_t>(top_[id]) >= scope_first_; }

  void Bind(uint32_t id, uint32_t slot) {
    bindings_.push_back({id, top_[id], slot, unit_});
    top_[id] = static_cast<int32_t>(bindings_.size() - 1);
  }

  Variable Global(uint32_t id, std::string_view name) {
    if (globals_[id] < 0) {
      globals_[id] = static_cast<int32_t>(compiled_.globals.size());
      compiled_.globals.push_back(name);
    }
    return {Variable::Kind::kGlobal, 0, static_cast<uint32_t>(globals_[id]), 0};
  }

  Variable VariableOf(const Binding& binding, uint32_t id, std::string_view name) {
    if (binding.slot == kNoSlot) return Global(id, name);
    uint16_t hops = 0;
    for (const Unit* unit = unit_; unit != binding.unit; unit = unit->parent) ++hops;
    if (hops == 0) return {Variable::Kind::kLocal, 0, binding.slot, 0};
    uint32_t fallback = binding.unit == compiled_.root ? Global(id, name).index : 0;
    return {Variable::Kind::kOuter, hops, binding.slot, fallback};
  }

  void Load(const NameExpr& name) {
    if (!Find(name.id)) Bind(name.id, kNoSlot);
  }

  void Store(const NameExpr& name, bool in_branch) {
    if (IsOwn(name.id)) {
      Binding& own = *Find(name.id);
      if (own.slot != kNoSlot) return;
      own.slot = unit_->slots++;
      inits_.push_back({SlotInit::Kind::kCopy, own.slot, Global(name.id, name.name)});
      return;
    }
    SlotInit init{SlotInit::Kind::kMissing, unit_->slots, {}};
    if (Binding* outer = Find(name.id)) {
      init = {SlotInit::Kind::kCopy, unit_->slots, VariableOf(*outer, name.id, name.name)};
    } else if (in_branch) {
      init = {SlotInit::Kind::kCopy, unit_->slots, Global(name.id, name.name)};
    }
    inits_.push_back(init);
    Bind(name.id, unit_->slots++);
  }

  void Declare(const NameExpr& name) { Bind(name.id, unit_->slots++); }
  uint32_t DeclareSpecial(std::string_view name) {
    Bind(parser_.IdOf(name), unit_->slots);
    return unit_->slots++;
  }

  void LoadRange(NameRange range) {
    for (uint32_t i = range.begin; i < range.end; ++i) {
      if (!names_[i]->stored) Load(*names_[i]);
    }
  }

  void ResolveName(NameExpr& name) {
    if (!Find(name.id)) Bind(name.id, kNoSlot);
    name.variable = VariableOf(*Find(name.id), name.id, name.name);
  }

  void ResolveRange(NameRange range) {
    for (uint32_t i = range.begin; i < range.end; ++i) {
      if (!names_[i]->stored) ResolveName(*names_[i]);
    }
  }

  void StoreName(NameExpr& name, bool in_branch) {
    name.exported = top_level_;
    Store(name, in_branch);
  }

  void StoreTarget(const Target& target, bool in_branch) {
    if (target.kind == Target::Kind::kName) StoreName(*target.name, in_branch);
    if (target.kind == Target::Kind::kNamespace) Load(*target.name);
    for (const Target* each : target.items) StoreTarget(*each, in_branch);
  }

  void DeclareTarget(const Target& target) {
    if (target.kind == Target::Kind::kName) Declare(*target.name);
    for (const Target* each : target.items) DeclareTarget(*each);
  }

  void ResolveTarget(const Target& target) {
    if (target.name) ResolveName(*target.name);
    for (const Target* each : target.items) ResolveTarget(*each);
  }

  // --- first pass over a block: which names are its own
  void Analyze(Body body, bool in_branch) {
    for (const Statement* each : body) Analyze(*each, in_branch);
  }

  void Analyze(const Statement& statement, bool in_branch) {
    LoadRange(statement.names);
    switch (statement.kind) {
      case StatementKind::kSet:
        StoreTarget(*static_cast<const SetStatement&>(statement).target, in_branch);
        break;
      case StatementKind::kSetBlock:
        StoreTarget(*static_cast<const SetBlockStatement&>(statement).target, in_branch);
        break;
      case StatementKind::kMacro:
        StoreName(*static_cast<const MacroStatement&>(statement).target, in_branch);
        break;
      case StatementKind::kImport: {
        const auto& node = static_cast<const ImportStatement&>(statement);
        if (node.module) StoreName(*node.module, in_branch);
        for (const ImportedName& each : node.imported) StoreName(*each.target, in_branch);
        break;
      }
      case StatementKind::kIf: {
        const auto& node = static_cast<const IfStatement&>(statement);
        Analyze(node.then, true);
        for (const IfStatement* each : node.elifs) Analyze(*each, true);
        Analyze(node.otherwise, true);
        break;
      }
      default:
        break;
    }
  }

  // --- second pass: names get their slots, inner blocks are entered
  void Resolve(Body body) {
    for (Statement* each : body) Resolve(*each);
  }

  void Resolve(Statement& statement) {
    ResolveRange(statement.names);
    switch (statement.kind) {
      case StatementKind::kSet:
        ResolveTarget(*static_cast<SetStatement&>(statement).target);
        break;
      case StatementKind::kSetBlock:
        ResolveSetBlock(static_cast<SetBlockStatement&>(statement));
        break;
      case StatementKind::kMacro:
        ResolveName(*static_cast<MacroStatement&>(statement).target);
        ResolveUnit(*static_cast<MacroStatement&>(statement).unit);
        break;
      case StatementKind::kCallBlock:
        ResolveUnit(*static_cast<CallBlockStatement&>(statement).unit);
        break;
      case StatementKind::kIf:
        ResolveIf(static_cast<IfStatement&>(statement));
        break;
      case StatementKind::kFor:
        ResolveFor(static_cast<ForStatement&>(statement));
        break;
      case StatementKind::kFilterBlock:
        ResolveInner(static_cast<FilterBlockStatement&>(statement));
        break;
      case StatementKind::kAutoescape:
        ResolveInner(static_cast<AutoescapeStatement&>(statement));
        break;
      case StatementKind::kBlock:
        if (static_cast<BlockStatement&>(statement).scoped) static_cast<BlockStatement&>(statement).visible = Visible();
        break;
      case StatementKind::kInclude:
        if (static_cast<IncludeStatement&>(statement).with_context)
          static_cast<IncludeStatement&>(statement).visible = Visible();
        break;
      case StatementKind::kImport:
        ResolveImport(static_cast<ImportStatement&>(statement));
        break;
      case StatementKind::kWith:
        ResolveWith(static_cast<WithStatement&>(statement));
        break;
      default:
        break;
    }
  }

  template <typename Block>
  void ResolveInner(Block& block) {
    Scope scope(*this);
    Analyze(block.body, false);
    block.frame = scope.Inits();
    Resolve(block.body);
  }

  void ResolveImport(ImportStatement& node) {
    if (node.module) ResolveName(*node.module);
    for (const ImportedName& each : node.imported) ResolveName(*each.target);
    if (node.with_context) node.visible = Visible();
  }

  void ResolveSetBlock(SetBlockStatement& node) {
    ResolveTarget(*node.target);
    ResolveInner(node);
  }

  void ResolveWith(WithStatement& node) {
    Scope scope(*this);
    for (const Target* each : node.targets) DeclareTarget(*each);
    Analyze(node.body, false);
    node.frame = scope.Inits();
    for (const Target* each : node.targets) ResolveTarget(*each);
    Resolve(node.body);
  }

  void ResolveIf(IfStatement& node) {
    Resolve(node.then);
    for (IfStatement* each : node.elifs) Resolve(*each);
    Resolve(node.otherwise);
  }

  void ResolveFor(ForStatement& node) {
    Unit* outer = unit_;
    if (node.recursive) unit_ = node.recursive;
    if (node.filter) {
      Scope scope(*this);
      DeclareTarget(*node.filter_target);
      LoadRange(node.filter_names);
      node.filter_frame = scope.Inits();
      ResolveTarget(*node.filter_target);
      ResolveRange(node.filter_names);
    }
    {
      Scope scope(*this);
      if (node.uses_loop) node.loop_slot = DeclareSpecial("loop");
      DeclareTarget(*node.target);
      Analyze(node.body, false);
      node.body_frame = scope.Inits();
      ResolveTarget(*node.target);
      Resolve(node.body);
    }
    {
      Scope scope(*this);
      Analyze(node.otherwise, false);
      node.else_frame = scope.Inits();
      Resolve(node.otherwise);
    }
    unit_ = outer;
  }

  void ResolveUnit(Unit& unit) {
    Unit* outer = std::exchange(unit_, &unit);
    {
      Scope scope(*this);
      for (const MacroParameter& each : unit.parameters) Declare(*each.name);
      if (unit.takes_caller && !unit.explicit_caller) unit.caller_slot = DeclareSpecial("caller");
      if (unit.takes_kwargs) unit.kwargs_slot = DeclareSpecial("kwargs");
      if (unit.takes_varargs) unit.varargs_slot = DeclareSpecial("varargs");
      LoadRange(unit.parameter_names);
      Analyze(unit.body, false);
      unit.frame = scope.Inits();
      for (const MacroParameter& each : unit.parameters) ResolveName(*each.name);
      ResolveRange(unit.parameter_names);
      Resolve(unit.body);
    }
    unit_ = outer;
  }

  CompiledTemplate& compiled_;
  Parser& parser_;
  std::span<NameExpr* const> names_;
  std::vector<Binding> bindings_;
  std::vector<int32_t> top_;      // innermost binding of a name
  std::vector<int32_t> globals_;  // number of a name among the globals
  std::vector<SlotInit> inits_;   // of the scopes that are open
  size_t scope_first_ = 0;        // first binding of the innermost scope
  Unit* unit_ = nullptr;
  bool top_level_ = false;  // names stored now are the template's own
};

}  // namespace

void ResolveNames(CompiledTemplate& compiled, Parser& parser) {
  for (std::string_view special : {"loop", "caller", "kwargs", "varargs", "self", "super"}) parser.IdOf(special);
  Resolver(compiled, parser).Run();
}

}  // namespace stir::jinja
