// Python's modules as templates use them; what Python itself gives for each case was recorded from Python.
#include <gtest/gtest.h>

#include "pylib/testing/module_scope.h"

namespace stir::pylib {
namespace {

struct Case {
  std::string source, output;
};

void Expect(std::initializer_list<Case> cases) {
  testing::ModuleScope scope;
  const std::string names =
      "{% set dt = modules.datetime %}{% set pytz = modules.pytz %}{% set re = modules.re %}{% set it = "
      "modules.itertools %}";
  for (const Case& each : cases)
    EXPECT_EQ(testing::Rendered(names + "{{ " + each.source + " }}", scope), each.output) << each.source;
}

TEST(Datetime, Dates) {
  Expect({{"[dt.date(2024, 2, 29)]", "[datetime.date(2024, 2, 29)]"},
          {"dt.date(2024, 3, 1) - dt.timedelta(days=1)", "2024-02-29"},
          {"(dt.date(2024, 3, 1) - dt.date(2024, 2, 1)).days", "29"},
          {"dt.date(2024, 1, 31).replace(month=2)", "error: day is out of range for month"},
          {"dt.date.max + dt.timedelta(1)", "error: date value out of range"},
          {"dt.date.fromisoformat('2024-3-1')", "error: Invalid isoformat string: '2024-3-1'"},
          {"dt.date(2024, 12, 30).isocalendar()[0]", "2025"},
          {"dt.date(2024, 1, 1).strftime('%Y/%m/%d %j %a %B %U %V %%')", "2024/01/01 001 Mon January 00 01 %"},
          {"dt.date.today()", "2024-02-29"},
          {"dt.date(2024, 1, 1) < dt.date(2024, 1, 2)", "True"}});
}

TEST(Datetime, Datetimes) {
  Expect({{"[dt.datetime(2024, 1, 2), dt.datetime(2024, 1, 2, 3, 4, 5, 6)]",
           "[datetime.datetime(2024, 1, 2, 0, 0), datetime.datetime(2024, 1, 2, 3, 4, 5, 6)]"},
          {"dt.datetime.utcnow()", "2024-02-29 12:34:56.789012"},
          {"started", "2024-02-29 12:34:56.789012+00:00"},
          {"[started]", "[datetime.datetime(2024, 2, 29, 12, 34, 56, 789012, tzinfo=<UTC>)]"},
          {"dt.datetime(2024, 1, 2, 3, 4, 5, 678).isoformat(timespec='milliseconds')", "2024-01-02T03:04:05.000"},
          {"dt.datetime.strptime('2024-01-02T03:04:05.123+0530', '%Y-%m-%dT%H:%M:%S.%f%z')",
           "2024-01-02 03:04:05.123000+05:30"},
          {"dt.datetime.strptime('Jan 5 2024 3PM', '%b %d %Y %I%p')", "2024-01-05 15:00:00"},
          {"dt.datetime.strptime('2024-01-02', '%d/%m/%Y')",
           "error: time data '2024-01-02' does not match format '%d/%m/%Y'"},
          {"dt.datetime.strptime('2024-01-02 x', '%Y-%m-%d')", "error: unconverted data remains:  x"},
          {"dt.datetime.fromisoformat('20240102T030405Z')", "2024-01-02 03:04:05+00:00"},
          {"dt.datetime.combine(dt.date(2024, 1, 2), dt.time(3, 4))", "2024-01-02 03:04:00"},
          {"dt.datetime(2024, 1, 2) - dt.datetime(2023, 12, 31, 12)", "1 day, 12:00:00"},
          {"dt.datetime(2024, 1, 2) < dt.date(2024, 1, 3)", "error: can't compare datetime.datetime to datetime.date"},
          {"dt.datetime(2024, 1, 2) - started", "error: can't subtract offset-naive and offset-aware datetimes"},
          {"'{:%Y-%m}'.format(dt.date(2024, 1, 2))", "2024-01"}});
}

TEST(Datetime, Timedeltas) {
  Expect({{"dt.timedelta(seconds=-1)", "-1 day, 23:59:59"},
          {"[dt.timedelta(1, 5), dt.timedelta(0)]", "[datetime.timedelta(days=1, seconds=5), datetime.timedelta(0)]"},
          {"dt.timedelta(hours=1.5).total_seconds()", "5400.0"},
          {"dt.timedelta(days=1) / dt.timedelta(hours=7)", "3.4285714285714284"},
          {"dt.timedelta(days=1) // dt.timedelta(hours=7)", "3"},
          {"dt.timedelta(days=1) % dt.timedelta(hours=7)", "3:00:00"},
          {"-dt.timedelta(days=1)", "-1 day, 0:00:00"},
          {"3 * dt.timedelta(hours=1)", "3:00:00"},
          {"dt.timedelta(days=1000000000000)", "error: days out of range for timedelta"}});
}

TEST(Pytz, Zones) {
  Expect({{"pytz.timezone('America/New_York').localize(dt.datetime(2024, 7, 4, 12))", "2024-07-04 12:00:00-04:00"},
          {"pytz.timezone('America/New_York').localize(dt.datetime(2024, 3, 9, 12)) + dt.timedelta(days=1)",
           "2024-03-10 12:00:00-05:00"},
          {"pytz.timezone('America/New_York').normalize(pytz.timezone('America/New_York').localize(dt.datetime(2024, "
           "3, 9, 12)) + dt.timedelta(days=1))",
           "2024-03-10 13:00:00-04:00"},
          {"[started.astimezone(pytz.timezone('Asia/Kolkata'))]",
           "[datetime.datetime(2024, 2, 29, 18, 4, 56, 789012, tzinfo=<DstTzInfo 'Asia/Kolkata' IST+5:30:00 STD>)]"},
          {"[pytz.utc, dt.timezone.utc]", "[<UTC>, datetime.timezone.utc]"},
          {"started.strftime('%Z%z')", "UTC+0000"}});
}

TEST(Regex, MatchesAndReplaces) {
  Expect({{"re.match('(?P<n>a)(b)?', 'a').groupdict()", "{'n': 'a'}"},
          {"re.match('(a)(b)?', 'a').groups()", "('a', None)"},
          {"re.search('é', 'aé').span()", "(1, 2)"},
          {"re.findall('([a-z])([0-9])', 'a1 b2')", "[('a', '1'), ('b', '2')]"},
          {"re.findall('x*', 'axb')", "['', 'x', '', '']"},
          {"re.sub('(?P<x>a)', '<\\\\g<x>>', 'aa')", "<a><a>"},
          {"re.sub('x*', '-', 'abc')", "-a-b-c-"},
          {"re.split('(,)', 'a,b')", "['a', ',', 'b']"},
          {"re.compile('A', re.IGNORECASE).findall('aA')", "['a', 'A']"},
          {"re.match('x', 'abc')", "None"},
          {"re.escape('a.b*c-d e_f')", "a\\.b\\*c\\-d\\ e_f"}});
}

TEST(Itertools, Functions) {
  Expect({{"list(it.product('ab', repeat=2))", "[('a', 'a'), ('a', 'b'), ('b', 'a'), ('b', 'b')]"},
          {"list(it.zip_longest([1, 2], [3], fillvalue=0))", "[(1, 3), (2, 0)]"},
          {"list(it.chain.from_iterable([[1], [2]]))", "[1, 2]"},
          {"list(it.combinations([1, 2, 3], 2))", "[(1, 2), (1, 3), (2, 3)]"},
          {"list(it.islice(it.count(5), 3))", "[5, 6, 7]"},
          {"list(it.accumulate([1, 2, 3]))", "[1, 3, 6]"}});
}

TEST(Decimal, CountsAsPythons) {
  Expect({{"[decimal('1.20')]", "[Decimal('1.20')]"},
          {"decimal('1.20') + 1", "2.20"},
          {"decimal('1.20') * 3", "3.60"},
          {"decimal('1') / 3", "0.3333333333333333333333333333"},
          {"decimal('10') / 4", "2.5"},
          {"decimal('-7') // 2", "-3"},
          {"decimal('-7') % 3", "-1"},
          {"decimal('2') ** 10", "1024"},
          {"decimal('99999999999999999999999999999') + 1", "1.000000000000000000000000000E+29"},
          {"decimal('1.10') == 1.1", "False"},
          {"decimal('1.0') == 1", "True"},
          {"decimal('2.675')|round(2)", "2.68"},
          {"decimal('2.5')|int", "2"},
          {"'{:.2f}'.format(decimal('2.255'))", "2.26"},
          {"decimal('1.5') + 1.5", "error: unsupported operand type(s) for +: 'decimal.Decimal' and 'float'"},
          {"decimal('0.0000001')", "1E-7"},
          {"[decimal('1.1'), decimal('2.2')]|sum", "3.3"}});
}

TEST(Convert, JsonAndYamlText) {
  Expect({{"tojson({'b': 1, 'a': [1.5, none, true, 'é\"']})", "{\"b\": 1, \"a\": [1.5, null, true, \"\\u00e9\\\"\"]}"},
          {"tojson({'b': 1, 'a': 2}, sort_keys=true)", "{\"a\": 2, \"b\": 1}"},
          {"toyaml({'b': 1, 'a': [1, 'x', none], 'c': {'d': true}})", "b: 1\na:\n- 1\n- x\n- null\nc:\n  d: true\n"},
          {"toyaml(['yes', '1', 'a: b', 'it\\'s', '2024-01-01', '', 'é', 'a\\nb', 1e20])",
           "- 'yes'\n- '1'\n- 'a: b'\n- it's\n- '2024-01-01'\n- ''\n- \"\\xE9\"\n- 'a\n\n  b'\n- 1.0e+20\n"},
          {"toyaml([[1, [2]], [{'a': 1, 'b': [2]}]])", "- - 1\n  - - 2\n- - a: 1\n    b:\n    - 2\n"},
          {"toyaml('abc')", "abc\n...\n"},
          {"toyaml('word ' * 18)",
           "'word word word word word word word word word word word word word word word word word\n  word '\n"},
          {"fromyaml('a: 1\\nb: [x, 2024-01-01, 1.5, yes]')",
           "{'a': 1, 'b': ['x', datetime.date(2024, 1, 1), 1.5, True]}"},
          {"fromyaml('2024-01-01 10:00:00')", "2024-01-01 10:00:00"}});
}

TEST(Agate, TablesHaveTheSurfaceThatMacrosUse) {
  Expect({{"table.column_names", "('id', 'name', 'amount')"},
          {"table.columns['id'].values()", "(1, 2, 3)"},
          {"table.columns[2].values()", "(Decimal('1.50'), None, Decimal('2'))"},
          {"table.rows|length", "3"},
          {"table.rows[1]['name']", "b"},
          {"table[0][0]", "1"},
          {"table.rows[0].dict()", "{'id': 1, 'name': 'a', 'amount': Decimal('1.50')}"},
          {"table.rows|map(attribute='name')|list", "['a', 'b', None]"},
          {"table.rename({'id': 'key'}).column_names", "('key', 'name', 'amount')"}});
}

}  // namespace
}  // namespace stir::pylib
