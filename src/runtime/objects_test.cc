// Relations and columns as templates see them.
#include <gtest/gtest.h>

#include "adapter/duckdb/duckdb_adapter.h"
#include "jinja/template.h"
#include "runtime/column_object.h"
#include "runtime/constraints.h"
#include "runtime/object_tools.h"
#include "runtime/relation_object.h"

namespace stir::runtime {
namespace {

using jinja::Value;

class ApiScope final : public jinja::Scope {
 public:
  bool Lookup(std::string_view name, Value& value) override {
    const adapter::Dialect& dialect = adapter::duckdb::DuckDbDialect();
    if (name != "api") return false;
    value = MakeRecord(
        "api", {{"Relation", MakeRelationClass(dialect, dialect.default_quote)}, {"Column", MakeColumnClass(dialect)}});
    return true;
  }
};

std::string Show(const std::string& expression) {
  const std::string text =
      "{% set r = api.Relation.create(database='d', schema='s', identifier='i', type='table') %}"
      "{% set c = api.Column('a', 'varchar', 10) %}{{ " +
      expression + " }}";
  const auto parsed = jinja::Template::Parse(text, {});
  if (!parsed.ok()) return parsed.error().front().message;
  ApiScope scope;
  const Result<std::string> rendered = jinja::Render(**parsed, scope);
  return rendered.ok() ? *rendered : "error: " + rendered.error().front().message;
}

TEST(RelationObject, PrintsAsSql) {
  EXPECT_EQ(Show("r"), R"("d"."s"."i")");
  EXPECT_EQ(Show("r.include(database=false)"), R"("s"."i")");
  EXPECT_EQ(Show("r.quote(identifier=false)"), R"("d"."s".i)");
  EXPECT_EQ(Show("r.without_identifier()"), R"("d"."s")");
  EXPECT_EQ(Show("r.replace_path(identifier='z')"), R"("d"."s"."z")");
  EXPECT_EQ(Show("r.incorporate(path={'schema': none, 'database': none})"), R"("i")");
  EXPECT_EQ(Show("r.incorporate(path={'identifier': 'n'}, type='view').type"), "view");
  EXPECT_EQ(Show("api.Relation.create(identifier='i')"), R"("i")");
  EXPECT_EQ(Show("r.information_schema('tables')"), R"("d".INFORMATION_SCHEMA.tables)");
  EXPECT_EQ(Show("r.information_schema()"), R"("d".INFORMATION_SCHEMA)");
  EXPECT_EQ(Show("api.Relation.create(identifier='i', limit=0)"), R"((select * from "i" where false limit 0))");
}

TEST(RelationObject, AnswersQuestions) {
  EXPECT_EQ(Show("[r.database, r.schema, r.table, r.name, r.type, r.is_table, r.is_view]"),
            "['d', 's', 'i', 'i', 'table', True, False]");
  EXPECT_EQ(Show("r.path.schema ~ r.include_policy.database ~ r.get('identifier') ~ r.get('zork', 'x')"), "sTrueix");
  EXPECT_EQ(Show("r.matches(schema='S') and not r.matches(schema='x')"), "True");
  EXPECT_EQ(Show("api.Relation.View ~ api.Relation.CTE"), "viewcte");
  EXPECT_EQ(Show("r == r.incorporate(type='table') and r != r.incorporate(type='view')"), "True");
  EXPECT_EQ(Show("api.Relation.add_ephemeral_prefix('x')"), "__dbt__cte__x");
  EXPECT_EQ(Show("r.incorporate(type='box')"), "error: `box` is no type of relation");
}

TEST(ColumnObject, KnowsItsType) {
  EXPECT_EQ(Show("[c.name, c.dtype, c.char_size, c.data_type, c.quoted]"),
            R"(['a', 'varchar', 10, 'character varying(10)', '"a"'])");
  EXPECT_EQ(Show("api.Column.create('x', 'TEXT').data_type"), "character varying(256)");
  EXPECT_EQ(Show("api.Column.from_description('x', 'DECIMAL(18,3)').data_type"), "DECIMAL(18,3)");
  EXPECT_EQ(Show("api.Column.create('x', 'HUGEINT').is_integer()"), "True");
  EXPECT_EQ(Show("api.Column.create('x', 'DOUBLE').is_number()"), "True");
  EXPECT_EQ(Show("c.can_expand_to(api.Column('a', 'varchar', 20))"), "True");
  EXPECT_EQ(Show("api.Column.translate_type('string') ~ api.Column.numeric_type('numeric', 28, 6)"),
            "TEXTnumeric(28,6)");
  EXPECT_EQ(Show("api.Column.from_description('x', 'T(a,b,c)')"), "error: type `T(a,b,c)` is not understood");
}

TEST(Constraints, BecomeDdl) {
  const auto text = [](const char* value) { return Value::String(value); };
  const Value not_null = Value::MakeDict({{text("type"), text("not_null")}});
  const Value check = Value::MakeDict({{text("type"), text("check")}, {text("expression"), text("id > 0")}});
  const Value column = Value::MakeDict({{text("name"), text("id")},
                                        {text("data_type"), text("integer")},
                                        {text("quote"), Value::Bool(true)},
                                        {text("constraints"), Value::List({not_null, check})}});
  const ResolveTarget as_is = [](const std::string& to) { return Result<std::string>(to); };
  const auto columns = RenderColumns(Value::MakeDict({{text("id"), column}}), adapter::duckdb::DuckDbDialect(), as_is);
  ASSERT_TRUE(columns.ok());
  EXPECT_EQ(*columns, (std::vector<std::string>{"\"id\" integer not null check (id > 0)"}));
  const Value key =
      Value::MakeDict({{text("type"), text("primary_key")}, {text("columns"), Value::List({text("a"), text("b")})}});
  const Value foreign = Value::MakeDict({{text("type"), text("foreign_key")},
                                         {text("columns"), Value::List({text("a")})},
                                         {text("to"), text("\"db\".\"main\".\"t\"")},
                                         {text("to_columns"), Value::List({text("x")})},
                                         {text("name"), text("fk")}});
  const auto model = RenderModelConstraints(Value::List({key, foreign}), as_is);
  ASSERT_TRUE(model.ok());
  EXPECT_EQ(*model, (std::vector<std::string>{"primary key (a, b)",
                                              "constraint fk foreign key (a) references \"db\".\"main\".\"t\" (x)"}));
}

}  // namespace
}  // namespace stir::runtime
