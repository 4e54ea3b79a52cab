#include "transfer/postgres_table.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "transfer/kinds.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

// In the SQL of this file: {0} the table's oid, {1} its schema and {2} its name as literals.

constexpr const char* kFacts = R"(
SELECT c.oid, pg_get_userbyid(c.relowner), c.relpersistence = 'u',
       ' USING ' || quote_ident(am.amname) || coalesce(' TABLESPACE ' || quote_ident(ts.spcname), ''),
       c.relkind, c.relacl IS NOT NULL, c.relispartition OR c.reloftype <> 0 OR EXISTS (
         SELECT FROM pg_catalog.pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)),
       pg_has_role(c.relowner, 'USAGE'), quote_ident(pg_get_userbyid(c.relowner)),
       has_schema_privilege(c.relowner, c.relnamespace, 'CREATE')
FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam
LEFT JOIN pg_catalog.pg_tablespace ts ON ts.oid = c.reltablespace
WHERE c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = {1}) AND c.relname = {2})";

constexpr const char* kColumns = R"(
SELECT a.attname, coalesce(b.typname, t.typname), format_type(a.atttypid, a.atttypmod), a.attgenerated <> '',
       a.atthasdef OR a.attidentity <> ''
FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_type b ON b.oid = t.typbasetype
WHERE a.attrelid = {0} AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum)";

constexpr const char* kIndexes = R"(
SELECT c.relname, i.indisunique,
       substr(pg_get_indexdef(c.oid), 1 + length(format('CREATE %sINDEX %I ON %I.%I',
              CASE WHEN i.indisunique THEN 'UNIQUE ' END, c.relname, {1}, {2}))),
       CASE WHEN i.indexprs IS NULL AND i.indpred IS NULL THEN (
         SELECT string_agg(a.attname || chr(2), '' ORDER BY k.at) FROM unnest(i.indkey) WITH ORDINALITY k (number, at)
         JOIN pg_catalog.pg_attribute a ON a.attrelid = {0} AND a.attnum = k.number WHERE k.at <= i.indnkeyatts) END,
       k.contype, pg_get_constraintdef(k.oid), coalesce(obj_description(k.oid, 'pg_constraint'),
       obj_description(c.oid, 'pg_class')), i.indisreplident, i.indisclustered
FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_constraint k ON k.conindid = c.oid AND k.conrelid = {0} AND k.contype IN ('p', 'u', 'x')
WHERE i.indrelid = {0} AND i.indisvalid ORDER BY k.contype = 'p' DESC NULLS LAST, c.relname)";

constexpr const char* kStatistics = R"(
SELECT s.stxname, replace(pg_get_statisticsobjdef(s.oid), format('%I.%I ', n.nspname, s.stxname), chr(2) || ' '),
       length(format('FROM %I.%I', {1}, {2}))
FROM pg_catalog.pg_statistic_ext s JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace
WHERE s.stxrelid = {0} ORDER BY s.stxname)";

constexpr const char* kIdentities = R"(
SELECT a.attname, s.relname FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_catalog.pg_attribute a ON a.attrelid = {0} AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = {0}
AND d.deptype = 'i' ORDER BY a.attnum)";

// A statement and the column that it is about, if it is about one. Rights come last: the owner may have fewer than who
// publishes. pg_attver is the server's own (since November 2026), of every column.
constexpr const char* kDress = R"(
SELECT format('ALTER TABLE %s SET (%s)', chr(1), string_agg(
         format('%s = %L', split_part(o, '=', 1), substr(o, 1 + strpos(o, '='))), ', ')), ''
FROM (SELECT unnest(reloptions) o FROM pg_catalog.pg_class WHERE oid = {0} UNION ALL
      SELECT 'toast.' || unnest(t.reloptions) FROM pg_catalog.pg_class c JOIN pg_catalog.pg_class t
      ON t.oid = c.reltoastrelid WHERE c.oid = {0}) options HAVING count(*) > 0
UNION ALL
SELECT format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS %s', chr(1), attname, attstattarget), attname
FROM pg_catalog.pg_attribute WHERE attrelid = {0} AND attnum > 0 AND NOT attisdropped AND attstattarget >= 0
UNION ALL
SELECT format('ALTER TABLE %s ALTER COLUMN %I SET (%s)', chr(1), attname, string_agg(o, ', ' ORDER BY o)), attname
FROM pg_catalog.pg_attribute, unnest(attoptions) o WHERE attrelid = {0} AND attnum > 0 AND NOT attisdropped
AND o NOT LIKE 'pg\_attver=%' GROUP BY attname
UNION ALL
SELECT format('COMMENT ON TABLE %s IS %L', chr(1), obj_description({0}, 'pg_class')), ''
UNION ALL
SELECT format('COMMENT ON COLUMN %s.%I IS %L', chr(1), attname, col_description({0}, attnum)), attname
FROM pg_catalog.pg_attribute WHERE attrelid = {0} AND attnum > 0 AND NOT attisdropped
AND col_description({0}, attnum) IS NOT NULL
UNION ALL
SELECT format('CREATE POLICY %I ON %s AS %s FOR %s TO %s%s%s', p.polname, chr(1),
         CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
         CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
         ELSE 'ALL' END,
         (SELECT string_agg(CASE WHEN r = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', ')
          FROM unnest(p.polroles) r),
         ' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')',
         ' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'), ''
FROM pg_catalog.pg_policy p WHERE p.polrelid = {0}
UNION ALL
SELECT format('COMMENT ON POLICY %I ON %s IS %L', p.polname, chr(1), obj_description(p.oid, 'pg_policy')), ''
FROM pg_catalog.pg_policy p WHERE p.polrelid = {0} AND obj_description(p.oid, 'pg_policy') IS NOT NULL
UNION ALL
SELECT format('ALTER TABLE %s %s ROW LEVEL SECURITY, %s ROW LEVEL SECURITY', chr(1),
         CASE WHEN relrowsecurity THEN 'ENABLE' ELSE 'DISABLE' END,
         CASE WHEN relforcerowsecurity THEN 'FORCE' ELSE 'NO FORCE' END), '' FROM pg_catalog.pg_class WHERE oid = {0}
UNION ALL
SELECT format('ALTER TABLE %s REPLICA IDENTITY %s', chr(1), CASE relreplident WHEN 'n' THEN 'NOTHING' ELSE 'FULL' END), ''
FROM pg_catalog.pg_class WHERE oid = {0} AND relreplident IN ('n', 'f')
UNION ALL
SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s', chr(1), conname, pg_get_constraintdef(oid) ||
         CASE WHEN convalidated THEN ' NOT VALID' ELSE '' END), ''
FROM pg_catalog.pg_constraint WHERE conrelid = {0} AND contype = 'f'
UNION ALL
SELECT format('ALTER TABLE %s VALIDATE CONSTRAINT %I', chr(1), conname), ''
FROM pg_catalog.pg_constraint WHERE conrelid = {0} AND contype = 'f' AND convalidated
UNION ALL
SELECT format('ALTER TABLE %s OWNER TO %I', chr(1), pg_get_userbyid(relowner)), '' FROM pg_catalog.pg_class WHERE oid = {0}
UNION ALL
SELECT format('GRANT %s ON TABLE %s TO %s%s', g.privilege_type, chr(1),
         CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
         CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END), ''
FROM pg_catalog.pg_class c, LATERAL aclexplode(c.relacl) g WHERE c.oid = {0}
UNION ALL
SELECT format('GRANT %s (%I) ON TABLE %s TO %s%s', g.privilege_type, a.attname, chr(1),
         CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g.grantee)) END,
         CASE WHEN g.is_grantable THEN ' WITH GRANT OPTION' END), a.attname
FROM pg_catalog.pg_attribute a, LATERAL aclexplode(a.attacl) g WHERE a.attrelid = {0} AND a.attnum > 0 AND NOT
a.attisdropped)";

// Once the new table has the name, these texts mean it.
constexpr const char* kFollow = R"(
SELECT format('ALTER SEQUENCE %I.%I OWNED BY %I.%I.%I', n.nspname, s.relname, {1}, {2}, a.attname)
FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
JOIN pg_catalog.pg_namespace n ON n.oid = s.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = {0} AND a.attnum = d.refobjsubid
WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = {0}
AND d.deptype = 'a'
UNION ALL
SELECT pg_get_triggerdef(oid) FROM pg_catalog.pg_trigger WHERE tgrelid = {0} AND NOT tgisinternal
UNION ALL
SELECT format('ALTER TABLE %I.%I %s TRIGGER %I', {1}, {2}, CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN
         'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, tgname)
FROM pg_catalog.pg_trigger WHERE tgrelid = {0} AND NOT tgisinternal AND tgenabled <> 'O'
UNION ALL
SELECT format('COMMENT ON TRIGGER %I ON %I.%I IS %L', tgname, {1}, {2}, obj_description(oid, 'pg_trigger'))
FROM pg_catalog.pg_trigger WHERE tgrelid = {0} AND NOT tgisinternal AND obj_description(oid, 'pg_trigger') IS NOT NULL
UNION ALL
SELECT rtrim(pg_get_ruledef(oid), ';') FROM pg_catalog.pg_rewrite WHERE ev_class = {0}
UNION ALL
SELECT format('CREATE OR REPLACE VIEW %I.%I%s AS %s', n.nspname, v.relname,
         ' WITH (' || array_to_string(v.reloptions, ', ') || ')', rtrim(pg_get_viewdef(v.oid), ';'))
FROM pg_catalog.pg_class v JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace WHERE v.relkind = 'v' AND v.oid IN (
  SELECT r.ev_class FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
  WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
  AND d.refobjid = {0})
UNION ALL
SELECT format('ALTER PUBLICATION %I ADD TABLE %I.%I%s%s', p.pubname, {1}, {2},
         ' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a
                  WHERE a.attrelid = {0} AND a.attnum = ANY (r.prattrs)) || ')',
         ' WHERE (' || pg_get_expr(r.prqual, {0}) || ')')
FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = {0})";

constexpr const char* kLeave = R"(
SELECT format('DROP TRIGGER %I ON %s', tgname, chr(1)) FROM pg_catalog.pg_trigger WHERE tgrelid = {0} AND NOT
tgisinternal
UNION ALL
SELECT format('DROP RULE %I ON %s', rulename, chr(1)) FROM pg_catalog.pg_rewrite WHERE ev_class = {0}
UNION ALL
SELECT format('ALTER PUBLICATION %I DROP TABLE %s', p.pubname, chr(1))
FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid WHERE r.prrelid = {0})";

constexpr const char* kViews = R"(
SELECT DISTINCT format('%I.%I', n.nspname, v.relname), quote_ident(pg_get_userbyid(v.relowner)),
       pg_has_role(v.relowner, 'USAGE')
FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
JOIN pg_catalog.pg_class v ON v.oid = r.ev_class AND v.relkind = 'v'
JOIN pg_catalog.pg_namespace n ON n.oid = v.relnamespace
WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
AND d.refobjid = {0} ORDER BY 1)";

// Everything that depends on the table or on its row type, but for what is carried over.
constexpr const char* kOthers = R"(
SELECT DISTINCT CASE WHEN k.contype = 'f' THEN format('foreign key %I of %s', k.conname, k.conrelid::regclass)
       WHEN m.relkind = 'm' THEN format('materialized view %s', m.oid::regclass)
       ELSE pg_describe_object(d.classid, d.objid, d.objsubid) END
FROM pg_catalog.pg_depend d
LEFT JOIN pg_catalog.pg_constraint k ON d.classid = 'pg_catalog.pg_constraint'::regclass AND k.oid = d.objid
LEFT JOIN pg_catalog.pg_rewrite r ON d.classid = 'pg_catalog.pg_rewrite'::regclass AND r.oid = d.objid
LEFT JOIN pg_catalog.pg_class m ON m.oid = r.ev_class
WHERE (d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = {0} OR
       d.refclassid = 'pg_catalog.pg_type'::regclass AND d.refobjid IN (
         SELECT t.oid FROM pg_catalog.pg_type t JOIN pg_catalog.pg_class c ON c.reltype IN (t.oid, t.typelem)
         WHERE c.oid = {0}))
AND NOT (d.classid = 'pg_catalog.pg_type'::regclass AND d.deptype = 'i')
AND NOT (d.classid = 'pg_catalog.pg_attrdef'::regclass AND EXISTS (
  SELECT FROM pg_catalog.pg_attrdef x WHERE x.oid = d.objid AND x.adrelid = {0}))
AND NOT (k.oid IS NOT NULL AND k.conrelid = {0} AND k.confrelid <> {0})
AND NOT (d.classid = 'pg_catalog.pg_trigger'::regclass AND EXISTS (
  SELECT FROM pg_catalog.pg_trigger x WHERE x.oid = d.objid AND (x.tgrelid = {0} OR x.tgisinternal)))
AND NOT (d.classid = 'pg_catalog.pg_rewrite'::regclass AND (r.ev_class = {0} OR m.relkind = 'v'))
AND NOT (d.classid = 'pg_catalog.pg_policy'::regclass AND EXISTS (
  SELECT FROM pg_catalog.pg_policy x WHERE x.oid = d.objid AND x.polrelid = {0}))
AND NOT (d.classid IN ('pg_catalog.pg_statistic_ext'::regclass, 'pg_catalog.pg_publication_rel'::regclass))
AND NOT (d.classid = 'pg_catalog.pg_class'::regclass AND EXISTS (
  SELECT FROM pg_catalog.pg_class x WHERE x.oid = d.objid AND (x.relkind IN ('i', 't') OR x.relkind = 'S')))
UNION ALL
SELECT format('security label of provider %I', provider) FROM pg_catalog.pg_seclabel
WHERE classoid = 'pg_catalog.pg_class'::regclass AND objoid = {0}
UNION ALL
SELECT format('extension %I', e.extname) FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid
WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = {0} AND d.deptype = 'e')";

// A table that is loaded in the same schema would reach their subscribers row by row.
constexpr const char* kWidePublications = R"(
SELECT format('%I', p.pubname) FROM pg_catalog.pg_publication p WHERE p.puballtables OR p.oid IN (
  SELECT n.pnpubid FROM pg_catalog.pg_publication_namespace n JOIN pg_catalog.pg_class c ON c.relnamespace = n.pnnspid
  WHERE c.oid = {0}))";

constexpr const char* kOwnedPublications = R"(
SELECT format('%I', p.pubname), format('%I', pg_get_userbyid(p.pubowner)) FROM pg_catalog.pg_publication_rel r
JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid
WHERE r.prrelid = {0} AND NOT pg_has_role(p.pubowner, 'USAGE'))";

constexpr const char* kForeign = R"(
SELECT quote_ident(conname), confrelid::regclass::text, has_table_privilege(confrelid, 'REFERENCES')
FROM pg_catalog.pg_constraint WHERE conrelid = {0} AND contype = 'f' ORDER BY 1)";

class TableReader {
 public:
  TableReader(Server& server, const PgName& name, Span span) : server_(server), name_(name), span_(span) {}

  Result<PgTable> ReadTarget() {
    STIR_ASSIGN(const auto facts, ReadFacts());
    if (facts.empty()) return std::move(table_);
    const std::string kind = TextOf(facts[0][4]);
    if (kind != "r" && kind != "p") CheckKind(facts[0]);
    if (!table_.refusals.empty()) return std::move(table_);
    STIR_TRY(CheckWrites());
    STIR_TRY(ReadColumns());
    return std::move(table_);
  }

  Result<PgTable> Read() {
    STIR_ASSIGN(const auto facts, ReadFacts());
    if (facts.empty()) return std::move(table_);
    const PgTexts& row = facts[0];
    CheckKind(row);
    if (!table_.refusals.empty()) return std::move(table_);
    CheckOwner(row);
    STIR_TRY(ReadColumns());
    STIR_TRY(ReadIndexes());
    STIR_TRY(ReadNames());
    STIR_ASSIGN(const auto dress, Rows(kDress));
    for (const PgTexts& dressing : dress) table_.dress.push_back({TextOf(dressing[0]), TextOf(dressing[1])});
    STIR_ASSIGN(table_.follow, Statements(kFollow));
    STIR_ASSIGN(table_.leave, Statements(kLeave));
    STIR_TRY(ReadDependents());
    return std::move(table_);
  }

 private:
  Result<std::vector<PgTexts>> Rows(const char* sql) {
    return server_.Query(fmt::format(fmt::runtime(sql), table_.oid, Lit(name_.schema), Lit(name_.table)));
  }

  Result<std::vector<PgTexts>> ReadFacts() {
    STIR_ASSIGN(auto facts, Rows(kFacts));
    if (facts.empty()) return facts;
    table_.oid = WholeOf(facts[0][0]);
    table_.owner = TextOf(facts[0][1]);
    table_.unlogged = IsTrue(facts[0][2]);
    table_.storage = TextOf(facts[0][3]);
    return facts;
  }

  Status CheckWrites() {
    STIR_ASSIGN(const auto missing,
                server_.Query(fmt::format("SELECT r FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', "
                                          "'DELETE']) r WHERE NOT has_table_privilege({}, r)",
                                          table_.oid)));
    std::vector<std::string> rights;
    for (const PgTexts& row : missing) rights.push_back(TextOf(row[0]));
    if (rights.empty()) return {};
    Refuse(fmt::format("{} may not {} in {}", server_.user(), ToLower(Join(rights, ", ")), name_.Sql()),
           fmt::format("its owner can say: GRANT {} ON {} TO {}", Join(rights, ", "), name_.Sql(), server_.user()),
           kRightMissing);
    return {};
  }

  Result<std::vector<std::string>> Statements(const char* sql) {
    STIR_ASSIGN(const auto rows, Rows(sql));
    std::vector<std::string> all;
    for (const PgTexts& row : rows) all.push_back(TextOf(row[0]));
    return all;
  }

  void Refuse(std::string message, std::string hint, Kind kind = kTableBound) {
    table_.refusals.push_back(Diagnostic(kind, std::move(message), span_).Hint(std::move(hint)));
  }

  void CheckKind(const PgTexts& row) {
    const std::string kind = TextOf(row[4]);
    if (kind != "r") {
      const std::string_view what = kind == "v"   ? "a view"
                                    : kind == "m" ? "a materialized view"
                                    : kind == "p" ? "a partitioned table"
                                    : kind == "f" ? "a foreign table"
                                                  : "no table";
      return Refuse(fmt::format("{} is {}, which a publication cannot replace", name_.Sql(), what),
                    "publish to a name of its own, or drop it first");
    }
    if (IsTrue(row[6])) {
      Refuse(fmt::format("{} is part of an inheritance, a partition or a typed table", name_.Sql()),
             "publish to a table that stands alone");
    }
  }

  void CheckOwner(const PgTexts& row) {
    if (!IsTrue(row[7])) {
      return Refuse(fmt::format("{} belongs to {}; only its owner can replace it", name_.Sql(), TextOf(row[8])),
                    fmt::format("GRANT {} TO {}", TextOf(row[8]), server_.user()), kRightMissing);
    }
    if (!IsTrue(row[9])) {
      Refuse(fmt::format("{}, who owns {}, cannot own another table in schema {}", TextOf(row[8]), name_.Sql(),
                         Ident(name_.schema)),
             fmt::format("GRANT CREATE ON SCHEMA {} TO {}", Ident(name_.schema), TextOf(row[8])), kRightMissing);
    }
  }

  Status ReadColumns() {
    STIR_ASSIGN(const auto rows, Rows(kColumns));
    for (const PgTexts& row : rows)
      table_.columns.push_back({TextOf(row[0]), TextOf(row[1]), TextOf(row[2]), IsTrue(row[3]), IsTrue(row[4])});
    return {};
  }

  Status ReadIndexes() {
    STIR_ASSIGN(const auto rows, Rows(kIndexes));
    for (const PgTexts& row : rows) {
      const std::string constraint = TextOf(row[4]);
      table_.indexes.push_back({.name = TextOf(row[0]),
                                .unique = IsTrue(row[1]),
                                .tail = TextOf(row[2]),
                                .columns = TextOf(row[3]),
                                .constraint = constraint.empty() ? ' ' : constraint.front(),
                                .definition = TextOf(row[5]),
                                .comment = TextOf(row[6])});
      for (const auto& [at, mark] : {std::pair{7, 'i'}, std::pair{8, 'c'}}) {
        if (IsTrue(row[static_cast<size_t>(at)])) table_.marks += fmt::format("{}{}\x02", mark, TextOf(row[0]));
      }
    }
    return {};
  }

  Status ReadNames() {
    STIR_ASSIGN(const auto statistics, Rows(kStatistics));
    for (const PgTexts& row : statistics) {
      const std::string text = TextOf(row[1]);
      table_.statistics.emplace_back(TextOf(row[0]),
                                     text.substr(0, text.size() - static_cast<size_t>(WholeOf(row[2]))));
    }
    STIR_ASSIGN(const auto identities, Rows(kIdentities));
    for (const PgTexts& row : identities) table_.identities.emplace_back(TextOf(row[0]), TextOf(row[1]));
    return {};
  }

  Status ReadDependents() {
    STIR_ASSIGN(const auto views, Rows(kViews));
    for (const PgTexts& row : views) {
      table_.views.push_back(fmt::format("ALTER VIEW {} OWNER TO {}", TextOf(row[0]), TextOf(row[1])));
      if (IsTrue(row[2])) continue;
      Refuse(fmt::format("view {} reads {} and belongs to {}; only its owner can point it to the new table",
                         TextOf(row[0]), name_.Sql(), TextOf(row[1])),
             fmt::format("GRANT {} TO {}", TextOf(row[1]), server_.user()), kRightMissing);
    }
    STIR_ASSIGN(const auto foreign, Rows(kForeign));
    for (const PgTexts& row : foreign) {
      table_.foreign.push_back(TextOf(row[0]));
      if (IsTrue(row[2])) continue;
      Refuse(fmt::format("{} of {} refers to {}, which {} may not", TextOf(row[0]), name_.Sql(), TextOf(row[1]),
                         server_.user()),
             fmt::format("GRANT REFERENCES ON {} TO {}", TextOf(row[1]), server_.user()), kRightMissing);
    }
    STIR_ASSIGN(const auto others, Statements(kOthers));
    for (const std::string& other : others) {
      Refuse(fmt::format("{} hangs on {} and would stay with the old table", other, name_.Sql()),
             "drop it, or publish with `strategy: merge`, which keeps the table");
    }
    STIR_ASSIGN(const auto wide, Statements(kWidePublications));
    for (const std::string& publication : wide) {
      Refuse(fmt::format("publication {} takes every table of its schema to its subscribers, also one that is loaded "
                         "beside {}",
                         publication, name_.Sql()),
             "publish with `strategy: merge`, or name the tables of that publication");
    }
    STIR_ASSIGN(const auto owned, Rows(kOwnedPublications));
    for (const PgTexts& row : owned) {
      Refuse(fmt::format("{} is in publication {}, which belongs to {}", name_.Sql(), TextOf(row[0]), TextOf(row[1])),
             fmt::format("GRANT {} TO {}", TextOf(row[1]), server_.user()), kRightMissing);
    }
    return {};
  }

  Server& server_;
  const PgName& name_;
  Span span_;
  PgTable table_;
};

}  // namespace

std::string PgName::Sql() const { return fmt::format("{}.{}", Ident(schema), Ident(table)); }

std::string For(const std::string& statement, const PgName& name) {
  return ReplaceAll(statement, std::string(1, kItsName), name.Sql());
}

std::string PgTable::Signature() const {
  std::string all = fmt::format("{} {} {}\n", oid, storage, marks);
  for (const PgTableColumn& column : columns)
    all += fmt::format("{} {} {}\n", column.name, column.shown, column.filled);
  for (const PgIndex& index : indexes) all += fmt::format("{} {} {}\n", index.name, index.tail, index.definition);
  for (const auto& [name, text] : statistics) all += fmt::format("{} {}\n", name, text);
  for (const PgDressing& each : dress) all += each.statement + "\n";
  for (const auto* list : {&follow, &leave, &views, &foreign}) all += Join(*list, "\n");
  return all;
}

Result<PgTable> ReadPgTable(Server& server, const PgName& name, Span span) {
  return TableReader(server, name, span).Read();
}

Result<PgTable> ReadPgTarget(Server& server, const PgName& name, Span span) {
  return TableReader(server, name, span).ReadTarget();
}

Result<std::vector<std::string>> Undress(Server& server, int64_t oid) {
  STIR_ASSIGN(const auto rows, server.Query(fmt::format(
                                   R"(
SELECT format('DROP POLICY %I ON %s', polname, chr(1)) FROM pg_catalog.pg_policy WHERE polrelid = {0}
UNION ALL
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', chr(1), conname) FROM pg_catalog.pg_constraint
WHERE conrelid = {0} AND contype = 'f'
UNION ALL
SELECT format('DROP STATISTICS %I.%I', n.nspname, s.stxname) FROM pg_catalog.pg_statistic_ext s
JOIN pg_catalog.pg_namespace n ON n.oid = s.stxnamespace WHERE s.stxrelid = {0})",
                                   oid)));
  std::vector<std::string> all;
  for (const PgTexts& row : rows) all.push_back(TextOf(row[0]));
  return all;
}

Result<std::vector<std::string>> RevokeAll(Server& server, int64_t oid, bool also_owner) {
  STIR_ASSIGN(const auto rows, server.Query(fmt::format(R"(
SELECT DISTINCT format('REVOKE ALL ON TABLE %s FROM %s', chr(1), CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE
  quote_ident(pg_get_userbyid(g.grantee)) END)
FROM pg_catalog.pg_class c, LATERAL (
  SELECT * FROM aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) UNION ALL
  SELECT e.* FROM pg_catalog.pg_attribute a, LATERAL aclexplode(a.attacl) e WHERE a.attrelid = c.oid) g
WHERE c.oid = {0} AND (g.grantee <> c.relowner OR {1}))",
                                                        oid, also_owner)));
  std::vector<std::string> all;
  for (const PgTexts& row : rows) all.push_back(TextOf(row[0]));
  return all;
}

}  // namespace stir::transfer
