"""What jinja_oracle.py asks: the context, the kinds of value, arguments of filters and tests, and cases by hand.

A case is a template, or (template, context), or (template, context, options); None is the common context.
"""

CONTEXT = {
    "x": 3, "y": -2, "f": 2.5, "s": "Hello wOrld", "e": "", "n": None, "t": True,
    "l": [3, 1, 2], "m": [[1, "a"], [2, "b"]], "words": ["pear", "Fig", "apple", "fig"],
    "d": {"b": 1, "a": "two", "c": [1, 2]},
    "users": [{"name": "Ann", "age": 31, "dept": "x"}, {"name": "bob", "age": 25, "dept": "y"}, {"name": "Cyd", "age": 40, "dept": "x"}],
    "big": 123456789012345678901234567890, "html": "<b>a & 'b'</b>",
}

# One expression of every kind of value.
KINDS = [
    "missing", "none", "true", "false", "0", "7", "-3", "big", "2.5", "-0.5", "f * 1e308 * 10", "f * -1e308 * 10", "''", "'abc'", "'  Pad it '", "'1.5'", "'12'", "'0x1f'",
    "'é ñ <b>x</b>'", "'a,b\\nc d'", "'<i>'|safe", "[]", "[3, 1, 2]", "['b', 'A', 'c', 'a']", "[1, 'a', none]", "[[2, 'x'], [1, 'y']]", "()", "(1, 2)", "('a',)", "{}",
    "{'b': 1, 'a': 2}", "{1: 'x', 2: [3]}", "range(4)", "range(0)", "d.items()", "d.keys()", "d.values()", "users", "namespace(a=1)", "cycler(1, 2)", "joiner()",
    "l|map('string')", "l.append", "'a'.upper", "missing.x|default(none)",
]

FILTER_ARGUMENTS = {
    "attr": ["'upper'", "'name'", "'real'", "'items'", "5", "missing", "'__class__'"],
    "batch": ["2", "3, 'z'", "0", "-1", "'a'", "2.0", "none", "linecount=2", "fill_with=1"],
    "center": ["9", "width=3", "'a'", "-1", "none", "2.5"],
    "d": ["'x'", "'x', true", "default_value=1", "boolean=true", "'x', boolean=true"],
    "default": ["'x'", "none", "'x', true", "default_value=1"],
    "dictsort": ["true", "false, 'value'", "by='value'", "reverse=true", "by='nope'", "reverse='x'", "case_sensitive=true, by='key'"],
    "filesizeformat": ["true", "binary=true", "1"],
    "first": ["1"],
    "float": ["1.5", "default='x'", "none"],
    "format": ["1", "1, 2", "'a'", "a=1", "1, a=1", "[1]", "missing"],
    "groupby": ["0", "'name'", "'dept'", "'a.b'", "attribute='dept', default='q'", "'dept', case_sensitive=true", "none", "1"],
    "indent": ["2", "2, true", "2, true, true", "'--'", "width=1, blank=true", "2.5", "none", "-1"],
    "int": ["5", "'x'", "0, 16", "0, 0", "0, 2", "0, 99", "base=8", "default=none", "0, 'q'", "0, 36"],
    "join": ["','", "', '", "1", "attribute='name'", "',', 'name'", "d='-'", "none", "missing", "',', 0"],
    "map": ["'upper'", "'string'", "attribute='name'", "attribute='nope', default='z'", "attribute=0", "'int'", "'nope'", "missing", "'default', 'q'", "'join', '-'", "attribute='a', x=1", "5", "none", "'first'"],
    "max": ["true", "attribute='age'", "attribute=0", "case_sensitive=true", "attribute='name'"],
    "min": ["true", "attribute='age'", "attribute=0"],
    "reject": ["'odd'", "'equalto', 1", "'none'", "'nope'", "missing", "'in', [1]"],
    "rejectattr": ["'name'", "'age', 'gt', 30", "0", "'age', 'nope'", "'a.b'"],
    "replace": ["'a', 'b'", "'a'", "'a', 'b', 1", "1, 2", "'', '-'", "old='a', new='c'", "'a', 'b', 'c'", "'a', 'b', none", "'a', 'b', -1", "missing, 'x'", "'<', '>'"],
    "round": ["1", "-1", "0, 'floor'", "0, 'ceil'", "1, 'ceil'", "-1, 'floor'", "0, 'nope'", "none", "'x'", "method='floor'", "precision=2", "1.5", "400", "-400"],
    "select": ["'odd'", "'equalto', 1", "'none'", "'string'", "'nope'", "missing", "'in', [1]", "'gt', 1", "none", "5"],
    "selectattr": ["'name'", "'age', 'gt', 30", "0", "'name', 'equalto', 'bob'", "missing", "none"],
    "slice": ["2", "3, 'z'", "0", "-1", "'a'", "2.0", "slices=2", "none"],
    "sort": ["true", "reverse=true", "case_sensitive=true", "attribute='name'", "attribute='age'", "attribute='dept,age'", "attribute=0", "reverse='x'", "false, true", "attribute='0'", "reverse=none"],
    "sum": ["'age'", "attribute='age'", "start=10", "attribute='age', start=1.5", "start=[]", "start='x'", "attribute=0", "0, 5"],
    "tojson": ["2", "indent=1", "none", "'--'", "0", "1.5"],
    "trim": ["'a'", "' P'", "chars='c'", "1", "none", "missing"],
    "truncate": ["5", "5, true", "5, false, '..'", "length=7, end='!'", "2", "3, true, '', 0", "10, false, '...', 0", "'a'", "5, true, 3", "255, leeway=-1", "none", "5.0", "leeway='x'"],
    "unique": ["true", "attribute='dept'", "case_sensitive=true", "attribute=0", "attribute='age'"],
    "urlize": ["5", "nofollow=true", "target='_blank'", "rel='a b'", "trim_url_limit=3, target='x'", "extra_schemes=['x:']", "extra_schemes=['é:', 'tel:']", "extra_schemes=5", "'a'", "extra_schemes=['!']", "rel=5"],
    "wordwrap": ["4", "3, false", "4, true, '|'", "width=5, break_on_hyphens=false", "0", "'a'", "1", "-1", "2.5", "4, wrapstring=1", "none"],
    "xmlattr": ["false", "autospace=true", "1, 2"],
    "abs": ["1"], "count": ["1"], "e": ["1"], "escape": ["1"], "length": ["1"], "list": ["1"], "lower": ["1"], "upper": ["1"], "items": ["1"], "last": ["1"], "reverse": ["1"],
    "safe": ["1"], "string": ["1"], "striptags": ["1"], "title": ["1"], "capitalize": ["1"], "urlencode": ["1"], "wordcount": ["1"], "pprint": ["1"], "forceescape": ["1"],
}

TEST_ARGUMENTS = {
    "divisibleby": ["2", "0", "'a'", "num=3", "2.5", "none", "big"],
    "sameas": ["none", "true", "1", "'abc'", "other=none", "missing"],
    "in": ["[1, 'abc', 7]", "'xabcx'", "{'a': 1}", "range(9)", "none", "5", "missing", "seq=[1]", "(1, 2)", "d.keys()"],
    **{name: ["1", "'abc'", "none", "[3, 1, 2]", "2.5", "missing", "(1, 2)", "{}", "big", "true"] for name in ("eq", "==", "equalto", "ne", "!=", "lt", "<", "lessthan", "gt", ">", "greaterthan", "ge", ">=", "le", "<=")},
    "defined": ["1"], "odd": ["1"], "string": ["1"], "filter": ["1"],
}

TEMPLATES = {
    "base.html": "<{% block title %}base title{% endblock %}|{% block body %}base body{% endblock %}|{{ x }}>",
    "middle.html": "{% extends 'base.html' %}{% block title %}middle+{{ super() }}{% endblock %}",
    "macros.html": "{% macro hello(name='you') %}hello {{ name }}{{ x }}{% endmacro %}{% macro _hidden() %}{% endmacro %}{% set answer = 42 %}{% set _secret = 1 %}text",
    "part.html": "[part {{ x }} {{ inner }} {{ loop.index }}]",
    "sets.html": "{% set x = 'set in part' %}{{ x }}",
    "broken.html": "a\n{% if %}",
    "fails.html": "a\nb{{ 1 // 0 }}",
    "self.html": "{% include 'self.html' %}",
    "loop_a.html": "{% extends 'loop_b.html' %}", "loop_b.html": "{% extends 'loop_a.html' %}",
    "required.html": "{% block a required %}{% endblock %}",
    "blocks.html": "{% for i in [1, 2] %}{% block item scoped %}({{ i }}){% endblock %}{% endfor %}",
    "unscoped.html": "{% for i in [1, 2] %}{% block item %}({{ i }}){% endblock %}{% endfor %}",
    "nested.html": "{% block outer %}<{% block inner %}in{% endblock %}>{% endblock %}",
    "{odd}.html": "{{ 1 }}",
}
T = {"templates": TEMPLATES}
EXTENSIONS = {"extensions": ["do", "loopcontrols"]}
LINES = {"line_statement_prefix": "#", "line_comment_prefix": "##"}
NATIVE = {"native": True}
SANDBOX = {"sandboxed": True}


def with_options(options, *templates):
    return [(template, None, options) for template in templates]


CASES = [
    # --- blocks, include, import
    *with_options(
        T,
        "{% extends 'base.html' %}{% block body %}mine {{ super() }}{% endblock %}",
        "{% extends 'middle.html' %}{% block title %}top {{ super() }} {{ super.super() }}{% endblock %}ignored {{ 1 // 0 }}",
        "{% extends 'middle.html' %}{% block title %}{{ super.super.super() }}{% endblock %}",
        "{% block a %}{{ super() }}{% endblock %}", "{% block a %}{{ self.b() }}{% endblock %}{% block b %}B{% endblock %}{{ self.b() }}{{ self.c }}|{{ self }}",
        "{{ self.nope() }}", "{% extends 'base.html' %}{% set x = 9 %}{% block body %}{{ x }}{% endblock %}", "{% extends 'base.html' %}{% set x = 9 %}",
        "{% extends 'base.html' %}{% macro m() %}mac{% endmacro %}{% block body %}{{ m() }}{% endblock %}",
        "{% if x %}{% extends 'base.html' %}{% endif %}text{% block title %}t{% endblock %}", "{% if not x %}{% extends 'base.html' %}{% endif %}text{% block title %}t{% endblock %}",
        "{% extends 'base.html' %}{% extends 'middle.html' %}", "{% if x %}{% extends 'base.html' %}{% endif %}{% extends 'middle.html' %}",
        "{% for i in l %}{% extends 'base.html' %}{% endfor %}", "{% block a %}{% extends 'base.html' %}{% endblock %}", "{% extends missing %}", "{% extends 'nope' %}", "{% extends 5 %}", "{% extends [] %}",
        "{% extends ['base.html'] %}", "{% extends 'loop_a.html' %}", "{% extends 'broken.html' %}", "{% extends 'fails.html' %}",
        "{% block a %}1{% endblock %}{% block a %}2{% endblock %}", "{% block a-b %}{% endblock %}", "{% block a %}x{% endblock a %}", "{% block a %}x{% endblock b %}", "{% block %}{% endblock %}", "{% block a scoped required %} {% endblock %}",
        "{% block a required %}text{% endblock %}", "{% block a required %}  {# c #} {% endblock %}", "{% extends 'required.html' %}", "{% extends 'required.html' %}{% block a %}A{% endblock %}",
        "{% extends 'blocks.html' %}{% block item %}<{{ i }}>{% endblock %}", "{% extends 'unscoped.html' %}{% block item %}<{{ i }}>{% endblock %}", "{% include 'blocks.html' %}", "{% include 'unscoped.html' %}",
        "{% extends 'nested.html' %}{% block inner %}IN {{ super() }}{% endblock %}", "{% extends 'nested.html' %}{% block outer %}OUT {{ super() }}{% endblock %}{% block inner %}IN{% endblock %}",
        "{% for i in [1, 2] %}{% block q scoped %}{{ i }}{{ loop.index }}{% endblock %}{% endfor %}", "{% for i in [1, 2] %}{% block q %}{{ i }}{{ loop }}{% endblock %}{% endfor %}",
        "{% set v = 1 %}{% block q %}{{ v }}{% set v = 2 %}{{ v }}{% endblock %}{{ v }}", "{% with v = 1 %}{% block q %}{{ v }}{% endblock %}{% block r scoped %}{{ v }}{% endblock %}{% endwith %}",
        "{% macro m(v) %}{% block q scoped %}{{ v }}{% endblock %}{% endmacro %}{{ m(5) }}", "{% extends 'base.html' %}{% for i in [1, 2] %}{% block title %}t{% endblock %}{% endfor %}",
        "{% extends 'base.html' %}{% call(q) x() %}{% endcall %}", "{% extends 'base.html' %}{% filter upper %}f{% endfilter %}{% include 'part.html' %}", "{% extends 'base.html' %}{% set v %}captured{% endset %}{% block body %}{{ v }}{% endblock %}",
        "{% include 'part.html' %}", "{% set inner = 1 %}{% include 'part.html' %}", "{% set inner = 1 %}{% include 'part.html' without context %}", "{% for i in [1, 2] %}{% include 'part.html' %}{% endfor %}",
        "{% with inner = 7 %}{% include 'part.html' with context %}{% endwith %}", "{% macro m(inner) %}{% include 'part.html' %}{% endmacro %}{{ m(4) }}", "{% include 'sets.html' %}{{ x }}",
        "{% include 'nope' %}", "{% include 'nope' ignore missing %}ok", "{% include ['nope', 'part.html'] %}", "{% include ['nope', 'nope2'] %}", "{% include [] %}", "{% include ['nope'] ignore missing %}ok", "{% include missing %}",
        "{% include missing ignore missing %}", "{% include none %}", "{% include 5 %}", "{% include ['nope', missing] %}", "{% include ('nope', 'sets.html') ignore missing with context %}", "{% include 'broken.html' %}", "{% include 'fails.html' ignore missing %}",
        "{% include 'self.html' %}", "{% include x ~ 'a' %}", "{% include %}", "{% include 'part.html' ignore %}", "{% include 'base.html' %}{% block title %}not mine{% endblock %}", "{% include '{odd}.html' %}",
        "{% import 'macros.html' as m %}{{ m.hello() }}|{{ m.answer }}|{{ m._secret }}|{{ m }}|{{ m.nope }}", "{% import 'macros.html' as m with context %}{{ m.hello('q') }}", "{% import 'macros.html' as m %}{{ m.x }}{{ m['answer'] }}{{ m.answer is defined }}",
        "{% from 'macros.html' import hello, answer as a %}{{ hello(x) }}{{ a }}", "{% from 'macros.html' import nope %}{{ nope }}", "{% from 'macros.html' import nope %}{{ nope() }}", "{% from 'macros.html' import nope as q %}\n{{ q.z }}",
        "{% from 'macros.html' import _hidden %}", "{% from 'macros.html' import hello with context %}{{ hello() }}", "{% from 'macros.html' import hello, answer without context %}{{ hello() }}", "{% from 'macros.html' import hello, %}{{ hello }}",
        "{% from 'macros.html' import hello answer %}", "{% from 'macros.html' import %}", "{% from 'macros.html' import with %}", "{% import 'macros.html' %}", "{% import 'nope' as m %}", "{% import 'broken.html' as m %}", "{% from missing import a %}",
        "{% if x %}{% import 'macros.html' as m %}{% endif %}{{ m.answer }}", "{% for i in [1] %}{% import 'macros.html' as m %}{{ m.answer }}{% endfor %}{{ m }}", "{% macro q() %}{% from 'macros.html' import answer %}{{ answer }}{% endmacro %}{{ q() }}",
        "{% import 'macros.html' as m %}{{ m|string }}{{ m is string }}{{ m is mapping }}{{ m|e }}",     ),
    ("{% include 'a' %}",), ("{% import 'a' as b %}",), ("{% extends 'a' %}",), ("{% include 'a' ignore missing %}",),
    # --- escaping
    *with_options(
        {"autoescape": True, **T},
        "{{ html }}", "{{ html|safe }}", "{{ html|e }}", "{{ html|forceescape }}", "{{ '<' ~ html|safe }}", "{{ '<' ~ 'b' }}", "{% autoescape false %}{{ html }}{% endautoescape %}{{ html }}", "{% set v %}<{{ html }}>{% endset %}{{ v }}{{ v is escaped }}",
        "{% set v | upper %}<{{ html }}>{% endset %}{{ v }}{{ v is escaped }}", "{% set v | length %}<{{ html }}>{% endset %}{{ v }}", "{% macro m(a) %}<{{ a }}>{{ caller() if caller }}{% endmacro %}{{ m(html) }}{% call m('<') %}<i>{{ html }}{% endcall %}",
        "{% macro m(a) %}{{ a }}{% endmacro %}{% autoescape false %}{{ m(html) }}{{ '<' }}{% endautoescape %}", "{% autoescape false %}{% macro m(a) %}{{ a }}{% endmacro %}{{ m(html) }}{% endautoescape %}", "{% filter upper %}<{{ html }}>{% endfilter %}", "{% filter length %}<{{ html }}>{% endfilter %}",
        "{{ ['<', '>'|safe]|join('&') }}", "{{ ['<', '>']|join('&') }}", "{{ ['<', '>']|join('&'|safe) }}", "{{ html|replace('<', '>') }}", "{{ html|replace('<', '>'|safe) }}", "{{ html|safe|replace('<', '>') }}", "{{ {'a': '<', 'b>': 1}|xmlattr }}", "{{ {'a': '<'}|xmlattr }}",
        "{{ html|safe|upper }}{{ html|upper }}", "{{ ('<%s>'|safe) % html }}", "{{ ('<%s>'|safe).format(html) }}{{ ('<{}>'|safe).format(html) }}", "{{ ('<%(a)s>'|safe) % {'a': html} }}", "{{ 'a'|safe + '<' }}{{ '<' + 'a'|safe }}", "{{ ('<a>'|safe)[0] }}{{ ('<a>'|safe)[:2] }}",
        "{{ ('<'|safe) * 2 }}", "{{ ('<a,b>'|safe).split(',') }}", "{{ ','|safe.join }}", "{{ (','|safe).join(['<', 1]) }}", "{{ ('<'|safe).center(5, '>') }}", "{{ ('a<'|safe).replace('a', '<') }}", "{{ html|truncate(4) }}{{ html|safe|truncate(4, true, '<', 0) }}", "{{ html|indent }}",
        "{{ html|tojson }}", "{{ html|striptags }}", "{{ html|urlize }}", "{{ 'http://a.com <b>'|urlize }}", "{{ html|list }}", "{{ [html] }}", "{{ html|wordwrap(3) }}", "{{ missing }}", "{{ none }}{{ 1.5 }}{{ true }}", "{% for i in ['<'] recursive %}{{ i }}{% endfor %}",
        "{% extends 'base.html' %}{% block body %}{{ html }}{{ super() }}{{ self.title() }}{% endblock %}", "{% import 'macros.html' as m %}{{ m.hello('<') }}", "{{ '<'|e|e }}{{ ('<'|e) is escaped }}{{ '<' is escaped }}", "{{ '%s' | format('<') }}{{ ('%s'|safe) | format('<') }}",
        "{{ html|title }}{{ (html|safe)|title }}{{ (html|safe)|trim }}{{ (html|safe)|capitalize }}", "{{ ('&lt;é&amp;'|safe).unescape() }}", "{{ ('<b>x</b>'|safe).striptags() }}", "{{ ('<'|safe)|reverse }}", "{{ (html|safe)|string is escaped }}", "{{ lipsum(0) is escaped }}",
    ),
    "{% autoescape true %}{{ html }}{% endautoescape %}{{ html }}", "{% autoescape t %}{{ html }}{% endautoescape %}", "{% autoescape missing %}{{ html }}{% endautoescape %}", "{% autoescape %}{% endautoescape %}", "{% autoescape true %}x",
    "{% autoescape true %}{% set v = 1 %}{{ v }}{% endautoescape %}{{ v }}", "{{ ('<'|safe)|string }}{{ ['<'|safe] }}", "{{ html|e ~ '<' }}", "{{ '<a>'|e + '<' }}", "{{ ('a'|safe).__html__() }}",
    # --- line statements and delimiters
    *with_options(
        LINES,
        "# for i in [1, 2]:\n  {{ i }}\n# endfor", "<ul>\n  # for i in l\n  <li>{{ i }}</li> ## comment {{ x }}\n  # endfor\n</ul>", "# if x\nyes\n# else\nno\n# endif\nend", "a # not a statement\n# set v = 1\n{{ v }}", "## whole line\ntext", "text ## rest\nmore", "# set v = [\n1,\n2]\n{{ v }}",
        "# raw\n{{ x }}\n# endraw", "{{ x }} ## c", "#if x\ny\n#endif", "   # if x\n   y\n   # endif\n\n\n z", "# for i in [1]\n# endfor", "# if x", "# endif", "# nope x", "a\n\n# if x\n\n\nb\n# endif\n\n", "{% if x %}# y\n# if t\nz\n# endif\n{% endif %}", "## a\n## b\nc ## d\n##e",
        "# call(v) q()\n# endcall", "# set x = 'a # b'\n{{ x }}", "# set v = x ## comment\n{{ v }}", "#- if x\na\n# endif", "a  \n#- set q = 1\nb", "# macro m(a)\n<{{ a }}>\n# endmacro\n{{ m(1) }}", "\t# if x\n\ty\n\t# endif",
    ),
    ("%% for i in [1]\n{{ i }}\n%% endfor", None, {"line_statement_prefix": "%%"}), ("% if x\n{{ x }}\n% endif\n%}", None, {"line_statement_prefix": "%"}), ("a // c\nb", None, {"line_comment_prefix": "//"}), ("{{ 1 }}//c\n//d", None, {"line_comment_prefix": "//"}),
    ("<% if x %><%= x %><%# c %><% endif %>", None, {"block_start_string": "<%", "block_end_string": "%>", "variable_start_string": "<%=", "variable_end_string": "%>", "comment_start_string": "<%#", "comment_end_string": "%>"}),
    ("${x} <!-- if x -->a<!-- endif --> <!--# c #-->", None, {"block_start_string": "<!--", "block_end_string": "-->", "variable_start_string": "${", "variable_end_string": "}", "comment_start_string": "<!--#", "comment_end_string": "#-->"}),
    ("[[ x ]] [% raw %][[ y ]][% endraw %] [[ l[0] ]]", None, {"block_start_string": "[%", "block_end_string": "%]", "variable_start_string": "[[", "variable_end_string": "]]", "comment_start_string": "[#", "comment_end_string": "#]"}),
    ("{{ {'a': {'b': 1}} }}${{'a': 1}}", None, {"variable_start_string": "${", "variable_end_string": "}"}),
    ("a\nb\r\nc\rd{{ 'x\ny' }}\n", None, {"newline_sequence": "\r\n"}), ("a\nb\r\nc\rd\n", None, {"newline_sequence": "\r", "keep_trailing_newline": True}), ("a\r\nb\rc{{ '\r\n' }}|\r\n",), ("a\n\n",), ("a\n\n", None, {"keep_trailing_newline": True}), ("a\r\n", None, {"keep_trailing_newline": True}),
    # --- white space
    *with_options({"trim_blocks": True}, "{% if x %}\n\na\n{% endif %}\nb", "{{ x }}\nb", "{# c #}\nb", "{% raw %}\n a {% endraw %}\nb", "{% if x +%}\na{% endif %}", "{% if x -%}\n\n  a{%- endif %}\n"),
    *with_options({"lstrip_blocks": True}, "  {% if x %}a\n   {% endif %}b", "  {{ x }}", "  {# c #}a", "a {% if x %}b{% endif %}", "  {%+ if x %}a{% endif %}", " \n  {%- if x %}a{% endif %}", "  {% raw %} {{ {% endraw %} ", "{% if x %}  {% endif %}", "\t{% if x %}\n\t{% endif %}"),
    *with_options({"trim_blocks": True, "lstrip_blocks": True}, "  {% for i in l %}\n    {{ i }}\n  {% endfor %}\nend", "  {# c #}\n  x", "{% set a = 1 %}\n{% set b = 2 %}\n{{ a }}{{ b }}", "   {%- if x -%}   a   {%- endif -%}   b", "a\n  {# c -#}\n  b"),
    "{{- x -}} a", "a {{- x -}} b", "a {%- if x -%} b {%- endif -%} c", "a {#- c -#} b", "{%- raw -%} a {%- endraw -%} b", "{% raw %}{{ a }}{% endraw %}", "{% raw %}{% raw %}{% endraw %}", "{{+ x }}", "{%+ if x %}a{% endif %}", "{% raw -%}  a{% endraw +%} b", "a {{ x -}}\n b", "{{ x +}}",
    # --- syntax errors
    "{{ x", "{{ x }", "{% if x %}", "{% if x %}\n\n\na", "{% for i in l %}{% if x %}{% endfor %}", "{% endif %}", "{% nope %}", "{% if %}", "{{ }}", "{{ 1 + }}", "{{ (1 }}", "{{ 1) }}", "{{ [1 }}", "{{ {1: 2 }}", "{{ {1} }}", "{{ {1, 2} }}", "{{ 'abc }}", "{{ \"abc }}", "{{ x ? y }}", "{{ x ! }}", "{{ a b }}",
    "{{ a. }}", "{{ a.'b' }}", "{{ a[ }}", "{{ a[] }}", "{{ a[1:2:3:4] }}", "{{ a[1,2] }}", "{{ a[::] }}", "{{ f(a=1, 2) }}", "{{ f(*a, 1) }}", "{{ f(**a, *b) }}", "{{ f(**a, b=1) }}", "{{ f(a=1, *b) }}", "{{ f(a b) }}", "{{ f(, ) }}", "{{ f(a, ) }}", "{{ x is }}", "{{ x is defined is none }}", "{{ x is not }}", "{{ x | }}",
    "{{ x | nope }}", "{{ x is nope }}", "{% if x | nope %}a{% endif %}", "{% if false %}{{ x | nope }}{% endif %}", "{{ 1 if x | nope }}", "{{ (x|nope) if false else 1 }}", "{{ x | nope(1).a }}", "{{ x is nope.nope }}", "{% set %}", "{% set 1 = 2 %}", "{% set x %}", "{% set x = %}", "{% set a.b.c = 1 %}", "{% set a() = 1 %}", "{% set (a, b) = 1, 2 %}{{ a }}{{ b }}",
    "{% set [a, b] = 1 %}", "{% set true = 1 %}", "{% for %}", "{% for x in %}", "{% for x on l %}", "{% for a.b in l %}{% endfor %}", "{% for 1 in l %}{% endfor %}", "{% for x in l", "{% for loop in l %}{{ loop }}{% endfor %}", "{% for x in l %}{% set loop = 1 %}{{ loop.index }}{% endfor %}", "{% macro %}", "{% macro m %}", "{% macro m( %}", "{% macro m(a=1, b) %}{% endmacro %}", "{% macro m(1) %}{% endmacro %}",
    "{% macro m(a, a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(caller) %}{{ caller }}{% endmacro %}", "{% macro m(caller=1) %}{{ caller }}{% endmacro %}{{ m() }}", "{% call %}", "{% call x %}{% endcall %}", "{% call x() %}", "{% filter %}", "{% filter nope %}{% endfilter %}", "{% filter upper | lower %}aB{% endfilter %}", "{% with %}a{% endwith %}", "{% with a %}", "{% with a = 1, b = a %}{{ a }}{{ b }}{% endwith %}",
    "{% with a=1 b=2 %}{% endwith %}", "{# open", "{% raw %} open", "{% raw x %}", "{{ '\\x4' }}", "{{ '\\u12' }}", "{{ '\\U00110000' }}", "{{ '\\q\\n\\t\\101\\x41\\u00e9' }}", "{{ 'a' 'b' \"c\" }}", "{{ 1_000 }}{{ 0x1F }}{{ 0b11 }}{{ 0o17 }}{{ 1e3 }}{{ 1.5e-3 }}{{ 1_0.5 }}", "{{ 007 }}", "{{ 1.}}", "{{ .5 }}", "{{ 1.real }}", "{{ 1 .real }}", "{{ 5.0.is_integer() }}",
    "{{ é }}", "{{ x$ }}", "{{ @x }}", "{{ x; y }}", "{{ x := 1 }}", "{{ lambda: 1 }}", "{{ [i for i in l] }}", "{{ not }}", "{{ -}}", "{{ x and }}", "{{ x or or y }}", "{{ x not y }}", "{{ x in }}", "{{ x if }}", "{{ x if y else }}", "{{ 1 < }}", "{% print x, y %}", "{% print %}", "{% print x y %}", "{% else %}", "{% elif x %}", "{% if x %}{% else %}{% else %}{% endif %}", "{% if x %}{% elif %}{% endif %}",
    "{% for i in l %}{% else %}{% else %}{% endfor %}", "{% endfor %}", "{% block a %}", "{% 5 %}", "{% 'a' %}", "{% %}", "{%%}", "{% if x %}a{% endif", "a\nb\n{{ x | nope }}", "a\n{% if x %}\n{{ y z }}\n{% endif %}", "a\n{% if x\n and %}\n", "{{\n\n1 +\n\n}}", "{% set x = 'a\nb\n' %}{{ x y }}", "{% raw %}\n\n{% endraw %}{{ x y }}", "{#\n\n#}{{ x y }}", "a\n{%- if x -%}\n\n{{ 1 2 }}", "{% do x %}", "{% break %}", "{% continue %}", "{% debug %}",
    "{% trans %}a{% endtrans %}", "{{ x.0 }}{{ l.0 }}{{ l.0.1 }}", "{{ l.1e3 }}", "{{ x|default('a').b }}", "{{ -x|abs }}{{ -2|abs }}{{ -2.5|abs }}", "{{ 2 ** -1 }}{{ -2 ** 2 }}{{ 2 ** 3 ** 2 }}{{ (-x) ** 2 }}{{ -x ** 2 }}", "{{ not x in l }}{{ not (x in l) }}", "{{ 1 < 2 < 3 }}{{ 3 > 2 > 2 }}{{ 1 == 1.0 == true }}", "{{ 'a' if x }}|{{ 'a' if not x }}|",
    "{{ ('a' if not x).b }}", "{{ 1, 2 }}{{ (1,) }}{{ () }}{{ 1, }}", "{{ {} }}{{ [] }}{{ [1,] }}{{ {'a': 1,} }}", "{{ {'a': 1, 'a': 2} }}", "{{ {[]: 1} }}", "{{ 'a' in s }}{{ 'H' in s }}{{ 1 in s }}", "{{ x ~ y ~ none ~ true ~ 1.0 }}", "{{ s[0] }}{{ s[-1] }}{{ s[1:3] }}{{ s[::-1] }}{{ s[99] }}{{ l[99] }}|{{ d['zz'] }}|{{ d.zz }}|{{ n.a }}|{{ x.a }}",
    # --- statements
    *with_options(
        EXTENSIONS,
        "{% for i in l %}{{ i }}{% if loop.last %}{% break %}{% endif %}{% else %}none{% endfor %}", "{% for i in l %}{% continue %}{{ i }}{% endfor %}", "{% break %}", "{% macro m() %}{% break %}{% endmacro %}", "{% for i in l %}{% macro m() %}{% break %}{% endmacro %}{% endfor %}", "{% for i in l %}{% if x %}{% break %}{% endif %}{% endfor %}", "{% for i in l %}{% call(q) m() %}{% continue %}{% endcall %}{% endfor %}",
        "{% do l.append(4) %}{{ l }}", "{% do %}", "{% do 1 // 0 %}", "{% for i in l %}{% set _ = d.update({'k': i}) %}{% endfor %}{{ d }}", "{% for i in [] %}{% else %}{% break %}{% endfor %}",
    ),
    "{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }}|{% endfor %}", "{% for i in l %}{{ loop.previtem }}-{{ loop.nextitem }}{{ loop.cycle('a', 'b') }}{{ loop.changed(i) }}{{ loop }}|{% endfor %}", "{% for i in l %}{{ loop.cycle() }}{% endfor %}",
    "{% for i in l %}{{ loop.nope }}{% endfor %}", "{% for i in l %}{{ loop.previtem.x }}{% endfor %}", "{% for i in l %}{{ loop(l) }}{% endfor %}", "{% for i in [[1, [2]], [3, []]] recursive %}{{ i[0] if i is sequence else i }}{% if i is sequence and i[1] %}<{{ loop(i[1]) }}>{% endif %}{{ loop.depth }}{% endfor %}", "{% for i in l if i > 1 %}{{ loop.index }}/{{ loop.length }}:{{ i }} {% else %}none{% endfor %}",
    "{% for i in l if i > 9 %}{{ i }}{% else %}none{% endfor %}", "{% for a, b in m %}{{ a }}{{ b }}{% endfor %}", "{% for a, b in l %}{% endfor %}", "{% for a, b in [[1]] %}{% endfor %}", "{% for a, b in [[1, 2, 3]] %}{% endfor %}", "{% for (a, b), c in [[[1, 2], 3]] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "{% for k in d %}{{ k }}{% endfor %}", "{% for c in 'aé' %}{{ c }},{% endfor %}", "{% for i in 5 %}{% endfor %}",
    "{% for i in missing %}{{ i }}{% else %}none{% endfor %}", "{% for i in none %}{% endfor %}", "{% for i in missing.x %}{% endfor %}", "{% for i in l %}{% set z = i %}{% endfor %}{{ z }}", "{% set z = 0 %}{% for i in l %}{% set z = i %}{{ z }}{% endfor %}{{ z }}", "{% set ns = namespace(z=0) %}{% for i in l %}{% set ns.z = ns.z + i %}{% endfor %}{{ ns.z }}{{ ns }}", "{% set ns.a = 1 %}", "{% set d.a = 1 %}", "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}{{ ns.c }}|{{ ns['a'] }}",
    "{% set ns = namespace() %}{% set ns.a, ns.b = 1, 2 %}{{ ns.a }}{{ ns.b }}", "{% set ns = namespace() %}{% set ns.a %}text{% endset %}{{ ns.a }}", "{% set a, b = l %}", "{% set a, b = 'xy' %}{{ a }}{{ b }}", "{% set a = b = 1 %}", "{% set v %}{{ x }}{% endset %}{{ v }}{{ v is string }}", "{% set v | upper | replace('A', 'b') %}a{% endset %}{{ v }}", "{% if x %}{% set q = 1 %}{% endif %}{{ q }}", "{% if not x %}{% set q = 1 %}{% endif %}{{ q }}|", "{{ q }}{% set q = 1 %}{{ q }}",
    "{% macro m(a, b=2, *c) %}{% endmacro %}", "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(b=1) }}|{{ m() }}", "{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, 3, q=4) }}", "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{% endmacro %}{{ m(b=2) }}", "{% macro m(a) %}{% endmacro %}{{ m(1, a=2) }}", "{% macro m(a) %}{{ a.x }}{% endmacro %}{{ m() }}", "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}", "{% macro m() %}{{ caller('a') }}{% endmacro %}{% call(v) m() %}<{{ v }}>{% endcall %}",
    "{% macro m() %}{% endmacro %}{% call m() %}{% endcall %}", "{% macro m() %}{{ caller(1, 2) }}{% endmacro %}{% call(v) m() %}{% endcall %}", "{% macro m() %}{{ m.name }}{{ m.arguments }}{{ m.catch_kwargs }}{{ m.catch_varargs }}{{ m.caller }}{{ kwargs }}{% endmacro %}{{ m() }}{{ m }}", "{% call 5() %}{% endcall %}", "{% call x.y() %}{% endcall %}", "{% call l.append(1) %}{% endcall %}", "{% macro m(x) %}{{ x }}{{ y }}{% set y = 9 %}{{ y }}{% endmacro %}{{ m(1) }}{{ y }}",
    "{% macro outer() %}{% macro inner() %}in{{ v }}{% endmacro %}{% set v = 1 %}{{ inner() }}{% endmacro %}{{ outer() }}", "{% macro f(n) %}{% if n > 0 %}{{ n }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{% filter upper %}a{{ x }}b{% endfilter %}", "{% filter replace('a', 'b') | upper %}abc{% endfilter %}", "{% filter length %}abc{% endfilter %}", "{% filter nope %}{% endfilter %}",
    "{% with %}{% set v = 1 %}{{ v }}{% endwith %}{{ v }}", "{% with x = 10 %}{{ x }}{% endwith %}{{ x }}", "{% with a, b = 1, 2 %}{% endwith %}", "{% with a, b = (1, 2) %}{{ a }}{{ b }}{% endwith %}", "{% if missing %}a{% elif x %}b{% else %}c{% endif %}", "{% if x is defined and missing is not defined %}y{% endif %}", "{{ loop }}", "{{ caller }}{{ varargs }}", "{{ range }}{{ dict }}{{ namespace }}{{ cycler }}{{ joiner }}", "{{ dict(a=1, b=2) }}{{ dict([['a', 1]]) }}{{ dict({'a': 1}, b=2) }}{{ dict(5) }}",
    "{{ range(3) }}{{ range(1, 9, 3)|list }}{{ range(3)[1] }}{{ range(9)[2:5] }}{{ range() }}", "{{ range(1, 2, 0) }}", "{{ range('a') }}", "{{ range(1.5) }}", "{{ range(10)|length }}{{ 5 in range(9) }}{{ range(3) == range(0, 3) }}", ("{{ range(100001)|length }}",), ("{{ range(100001)|length }}", None, SANDBOX), ("{{ range(100000)|length }}", None, SANDBOX),
    "{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.current }}{{ c.next() }}{{ c.next() }}{{ c.reset() }}{{ c.current }}{{ c.pos }}{{ c.items }}", "{{ cycler() }}", "{% set j = joiner(',') %}{{ j() }}a{{ j() }}b", "{{ lipsum(n=0) }}", "{{ lipsum(html=false, n=1)|length > 10 }}", "{{ lipsum(1, true, 5, 6)|wordcount >= 5 }}", "{{ lipsum(1, min=5, max=5) }}",
    # --- undefined
    *with_options({"undefined": "strict"}, "{{ missing }}", "{{ missing.a }}", "{{ missing is defined }}", "{{ missing|default('d') }}", "{{ d.zz }}", "{% if missing %}{% endif %}", "{% for i in missing %}{% endfor %}", "{{ missing == 1 }}", "{{ 1 in missing }}", "{{ [missing] }}", "{{ missing ~ 'a' }}", "{{ not missing }}", "{{ missing and 1 }}", "{{ missing|length }}", "{{ l[99] }}", "{{ 'a' if false }}", "{{ [missing]|join }}", "{{ {missing: 1} }}", "{{ missing|list }}"),
    *with_options({"undefined": "chainable"}, "{{ missing.a.b['c'] }}|", "{{ missing.a() }}", "{{ missing.a + 1 }}", "{{ d.zz.y }}|", "{{ missing.a is defined }}", "{{ missing|default('d') }}{{ missing.a|default('d') }}", "{% for i in missing.x %}{% endfor %}"),
    *with_options({"undefined": "debug"}, "{{ missing }}", "{{ d.zz }}", "{{ d[5] }}", "{{ l[99] }}", "{{ missing.a }}", "{{ 'a' if false }}", "{{ [missing] }}", "{{ missing ~ 'a' }}", "{{ n.a }}", "{{ none['b'] }}", "{{ [] | first }}"),
    # --- native
    *with_options(
        NATIVE,
        "{{ 1 }}", "{{ '1' }}", "{{ x }}", "{{ x }}{{ x }}", "{{ l }}", "{{ (1, 2) }}", "{{ d }}", "{{ none }}", "", "text", "[1, {{ x }}]", "{{ x }} ", " {{ x }}", "{{ s }}", "{{ missing }}", "{{ true }}", "{{ 'True' }}", "{{ 1.5 }}{{ 2 }}", "{{ '1e3' }}", "0x1f", "007", "1_000", "{{ '[1, 2' }}", "{'a': [1, (2,)], 'b': None}", "{1, 2}", "-5", "--5", "+5", "1+2", 
        "'a' 'b'", "r'a\\n'", "'a\\n'", "b'a'", "f'a'", "\"\"\"a\nb\"\"\"", "(1)", "(1,)", "()", "1,", "1, 2", "[1,\n2]", "[1, # c\n2]", "5 # c", "\n5", "5\n", "True", "true", "None", "set()", "{}", "[]", "''", "1.", ".5", "1e400", "nan", "{% set v %}[1]{% endset %}{{ v }}", "{% set v %}[1]{% endset %}{{ v is string }}", "{% macro m() %}{{ [1] }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ l }}{% endmacro %}{{ m() is string }}", "{% for i in l %}{{ i }}{% endfor %}", "{% for i in [1] %}{{ i }}{% endfor %}", "{% if false %}a{% endif %}", "{{ l|map('string')|list }}", "{{ range(3) }}", "{{ big }}", "{{ '%d' % 5 }}", "{{ x ~ '' }}", "{{ [x, s] }}", "{{ {1: 2} }}", "{{ {'a': 1.0} }}", "{{ 'a' }}b", "{% filter upper %}[1]{% endfilter %}", "{% call(v) l.append(9) %}{% endcall %}", "{{ x|string }}", "{{ '  5' }}", "{{ '5  ' }}", "{{ 1 if false }}",
    ),
    # --- sandbox
    *with_options(
        SANDBOX,
        "{{ s.__class__ }}|", "{{ s.__class__.x }}", "{{ s.__class__() }}", "{{ s['__class__'] }}|", "{{ s|attr('__class__') }}|", "{{ d._x }}|", "{{ {'_x': 1}._x }}{{ {'_x': 1}['_x'] }}", "{{ '{0.__class__}'.format(s) }}", "{{ '{0.upper}'.format(s) is string }}", "{{ '{0[a]}{1.real}'.format(d, x) }}", "{{ '{0.nope}'.format(d) }}", "{{ '{0[nope]}'.format(d) }}", "{{ '{a}'.format_map({'a': 1}) }}", "{{ '{a}'.format_map({}) }}", "{{ '{.real}'.format(5) }}",
        "{% set m = '{}'.format %}{{ m(1) }}", "{{ l|map(attribute='__class__')|list|length }}", "{{ '%s'|format(1) }}", "{{ (1).__class__ }}|", "{{ none.__class__ }}|", "{{ range.__init__ }}|", "{{ namespace.x }}|", "{{ l.pop() }}{{ l }}", "{{ missing.__class__ }}",
    ),
    # --- format
    "{{ '{0.nope}'.format(d) }}", "{{ '{0[nope]}'.format(d) }}", "{{ '{0[a]}{0[c][1]}'.format(d) }}", "{{ '{0.real}{1.imag}'.format(5, 2.5) }}", "{{ '{}{}'.format(1) }}", "{{ '{1}'.format(1) }}", "{{ '{a}'.format() }}", "{{ '{}{0}'.format(1) }}", "{{ '{0}{}'.format(1) }}", "{{ '{'.format() }}", "{{ '}'.format() }}", "{{ '{{}}{{'.format() }}", "{{ '{!r}{!s}{!a}'.format('é', 'b', 'é') }}", "{{ '{!x}'.format(1) }}", "{{ '{0!r:>10}'.format('a') }}", "{{ '{:{}}'.format('a', 5) }}|", "{{ '{:{w}.{p}f}'.format(1.2345, w=8, p=2) }}", "{{ '{[0]}'.format([5]) }}", "{{ '{0[}'.format(1) }}", "{{ '{0.}'.format(1) }}",
    *["{{ '{:%s}'.format(%s) }}" % (spec, value)
      for value in ("42", "-42", "0", "3.14159", "-0.0", "1e20", "1e-7", "'abc'", "true", "big", "none", "[1]", "missing", "f * 1e308 * 10")
      for spec in ("", "5", "<8", ">8", "^8", "=8", "*^9", "08", "+", " ", "+08", "d", "b", "#b", "o", "x", "X", "#x", "#X", "c", "n", "e", "E", "f", "F", "g", "G", "%", ".2", ".0", ".2f", ".0f", ".3e", ".4g", "#.0f", ",", "_", ",d", "_x", "012,", "012_x", ",.2f", "015,.2f", "s", ".2s", "5s", "z", "z.1f", ",_", "q", "5.5q", "1000000000000", "é>5", "0=8", "<08", "{", "%")],
    *["{{ '%s' %% (%s,) }}" % (spec, value)
      for value in ("42", "-42", "3.99", "-0.5", "'abc'", "'5'", "true", "big", "none", "[1]", "missing", "1e20", "f * 1e308 * 10")
      for spec in ("%s", "%r", "%a", "%d", "%i", "%u", "%x", "%X", "%#x", "%o", "%#o", "%c", "%e", "%E", "%f", "%F", "%g", "%G", "%5s", "%-5s|", "%05d", "%+d", "% d", "%.2f", "%8.3f", "%-8.3f|", "%.3s", "%.5d", "%08.3f", "%#.0f", "%%", "%q", "%", "%5", "%(a)s", "%ld", "%*d", "%.*f", "%5.5d", "%b")],
    "{{ '%s %s' % (1, 2) }}{{ '%s' % 1 }}{{ '%s' % l }}{{ '%s' % d }}", "{{ '%s' % (1, 2) }}", "{{ '%s %s' % 1 }}", "{{ 'a' % 1 }}", "{{ 'a' % [] }}{{ 'a' % {} }}{{ 'a' % missing }}", "{{ 'a' % range(3) }}", "{{ '%(a)s %(b)d' % d }}", "{{ '%(zz)s' % d }}", "{{ '%(a)s' % 1 }}", "{{ '%(a' % d }}", "{{ '%*d|%-*d|%.*f' % (5, 42, 5, 42, 2, 1.239) }}", "{{ '%*d' % ('a', 1) }}", "{{ '%c%c' % (65, 'é') }}", "{{ '%c' % 'ab' }}", "{{ '%c' % 1114112 }}", "{{ '%d' % '5' }}", "{{ '%x' % 1.5 }}", "{{ '%d%%' % 50 }}",
    # --- big integers
    "{{ 2 ** 64 }}{{ 2 ** 200 }}", "{{ 9223372036854775807 + 1 }}{{ -9223372036854775808 - 1 }}{{ 9223372036854775807 * 2 }}", "{{ 99999999999999999999 }}{{ -99999999999999999999 }}{{ 0xffffffffffffffffffff }}", "{{ big + 1 }}{{ big - 1 }}{{ big * big }}{{ big // 7 }}{{ big % 7 }}{{ big / 3 }}{{ -big }}{{ +big }}", "{{ -big // 7 }}{{ -big % 7 }}{{ big // -7 }}{{ big % -7 }}{{ 7 // big }}{{ 7 % big }}{{ -7 % big }}{{ -7 // big }}", "{{ big > 1 }}{{ big < 1 }}{{ big == big }}{{ big != big + 0 }}{{ big >= big }}{{ 1 < big }}{{ big > 1e30 }}{{ big < 1e30 }}{{ 1e30 > big }}",
    "{{ big is integer }}{{ big is number }}{{ big is odd }}{{ big is even }}{{ big is divisibleby(10) }}{{ big is float }}{{ big is string }}", "{{ big|string }}{{ big|int }}{{ big|float }}{{ big|abs }}{{ (-big)|abs }}{{ big|round(-5) }}{{ big|round(2) }}", "{{ [big, 1, 2.5]|sort }}{{ [big, 1]|max }}{{ [big, 1]|sum }}{{ [big, big]|unique|list }}", "{{ {big: 1}[big] }}{{ big in [big] }}", "{{ big|tojson }}{{ [big]|tojson }}{{ {'a': big}|tojson }}", "{{ '%d' % big }}{{ '{:,}'.format(big) }}{{ '{:x}'.format(big) }}{{ '%x' % big }}{{ '{:e}'.format(big) }}", "{{ big.bit_length() }}{{ big.real }}{{ big.imag }}{{ big.numerator }}",
    "{{ '123456789012345678901234567890'|int }}{{ 'ffffffffffffffffffffffff'|int(0, 16) }}{{ 1e25|int }}", "{{ 10 ** 30 / 10 ** 29 }}{{ 10 ** 400 / 10 ** 399 }}{{ 1 / 10 ** 400 }}", "{{ 10 ** 400 / 1 }}", "{{ 10 ** 400 * 1.5 }}", "{{ 10 ** 400 < 1.5 }}{{ 10 ** 400 > 1e308 }}", "{{ 10 ** 5000 }}", "{{ (10 ** 5000) > 1 }}", "{{ 10 ** -400 }}", "{{ 'a' * big }}", "{{ l[big] }}|{{ l[:big] }}|{{ l[-big:] }}|{{ s[big] }}|", "{{ big // 0 }}", "{{ big % 0 }}", "{{ big / 0 }}", "{{ 2 ** 63 == 9223372036854775808 }}{{ 2 ** 62 * 2 - 1 }}", "{{ (2 ** 70) ** 2 }}{{ (2 ** 70) ** 0 }}{{ 0 ** 0 }}{{ 1 ** big }}{{ (-1) ** big }}",
    "{{ 9007199254740993 / 2 }}{{ 9223372036854775807 / 3 }}{{ 123456789123456789 / 1000 }}", "{{ big == 123456789012345678901234567890.0 }}{{ 2 ** 70 == 2.0 ** 70 }}", "{{ true + big }}{{ big and 1 }}{{ not big }}", "{{ big.as_integer_ratio() }}{{ (0.1).as_integer_ratio() }}{{ (1e300).as_integer_ratio()[1] }}", "{{ -9223372036854775808 // -1 }}{{ -9223372036854775808 % -1 }}{{ (-9223372036854775808)|abs }}",
    # --- operators
    *["{{ (%s) %s (%s) }}" % (a, op, b) for op in ("+", "-", "*", "/", "//", "%", "**", "<", "<=", "==", "in", "~", "and")
      for a, b in (("1", "2"), ("5", "0"), ("5.5", "2"), ("5", "-2.0"), ("-5", "3"), ("5.0", "0.0"), ("'a'", "'b'"), ("'a'", "3"), ("3", "'ab'"), ("[1]", "[2]"), ("[1]", "(2,)"), ("(1,)", "(2,)"), ("[1]", "2"), ("none", "1"), ("1", "none"), ("{}", "{'a': 1}"), ("true", "1"), ("true", "true"), ("missing", "1"), ("1", "missing"), ("missing", "missing"), ("'a'", "missing"), ("1e308", "10"), ("0", "-1"), ("0.0", "-1"), ("2", "0.5"), ("'%s'", "5"), ("'a'", "'abc'"), ("1", "[1.0]"), ("'a'", "d"), ("[]", "d"), ("range(2)", "range(2)"), ("[1, 'a']", "[1, 2]"), ("(1, 2)", "(1, 3)"), ("'a'", "2.5"), ("[1]", "-1"))],
    "{{ -'a' }}", "{{ +'a' }}", "{{ -none }}", "{{ -[] }}", "{{ -true }}{{ +true }}{{ -missing }}", "{{ not [] }}{{ not '' }}{{ not 0 }}{{ not missing }}{{ not none }}", "{{ 7 // -2 }}{{ -7 // 2 }}{{ 7 % -3 }}{{ -7 % 3 }}{{ 7.5 // 2 }}{{ -7.5 % 2 }}{{ 0.1 + 0.2 }}{{ 1e16 }}{{ 1e15 }}{{ 1e-5 }}{{ 123456789.123 }}{{ 1.0 }}{{ -0.0 }}{{ 1e22 }}{{ 5e-324 }}",
    # --- methods
    *["{{ (%s).%s }}" % (value, call) for value in ("'Hello, wOrld'", "' a b  c '", "'a,b,,c'", "''", "'éÉß'", "'abc'", "'12'", "'a\\tb\\nc'", "'ﬁ ŉ'")
      for call in ("upper()", "lower()", "title()", "capitalize()", "swapcase()", "casefold()", "strip()", "lstrip()", "rstrip()", "strip('a ')", "split()", "split(',')", "split(',', 1)", "split(none, 1)", "split(maxsplit=1)", "split('')", "rsplit()", "rsplit(',', 1)", "rsplit(none, 1)", "splitlines()", "splitlines(true)", "partition(',')", "rpartition(',')", "partition('')", "replace('a', 'b')", "replace('', '-')", "replace('a', 'b', 0)", "replace('a')", "replace(1, 2)", "find('b')", "rfind('b')", "find('b', 3)", "find('b', -3, 99)", "index('b')", "index('zz')", "count('a')", "count('')", "count('b', 1, 3)", "startswith('a')", "startswith(('a', 'H'))", "startswith(1)", "startswith('b', 1)", "endswith('c')", "endswith(['c'])",
                   "join(['x', 'y'])", "join('xy')", "join([1])", "join(5)", "center(15)", "center(15, '*')", "center(15, '**')", "ljust(15, '.')", "rjust(15)", "zfill(15)", "expandtabs()", "expandtabs(2)", "expandtabs(tabsize=4)", "removeprefix('a')", "removesuffix('c')", "isdigit()", "isdecimal()", "isnumeric()", "isalpha()", "isalnum()", "isspace()", "isupper()", "islower()", "istitle()", "isascii()", "isidentifier()", "isprintable()", "nope()", "upper(1)", "lower(a=1)", "format()", "format(1, a=2)", "translate({97: 'x', 98: none, 99: 65})", "center()", "center('a')", "zfill('a')", "splitlines(1, 2)")],
    "{{ '+5'.zfill(5) }}{{ '-5'.zfill(5) }}{{ '٣'.isdigit() }}{{ '²'.isdigit() }}{{ '²'.isdecimal() }}{{ '½'.isnumeric() }}{{ '½'.isdigit() }}{{ 'Ⅷ'.isnumeric() }}",
    *["{%% set l = [3, 1, 2, 1] %%}{{ l.%s }}{{ l }}" % call for call in ("append(4)", "append()", "append(1, 2)", "extend([5])", "extend('ab')", "extend(5)", "insert(0, 9)", "insert(-1, 9)", "insert(99, 9)", "insert('a', 1)", "insert(1)", "pop()", "pop(0)", "pop(-1)", "pop(99)", "pop('a')", "remove(1)", "remove(99)", "remove()", "clear()", "copy()", "reverse()", "reverse(1)", "sort()", "sort(reverse=true)", "sort(true)", "count(1)", "count()", "index(1)", "index(99)", "index(1, 2)", "index(1, 2, 3)", "index(3, 1)", "nope()", "append(x=1)", "sort(key=1)", "copy()")],
    *["{%% set d = {'a': 1, 'b': 2} %%}{{ d.%s }}{{ d }}" % call for call in ("get('a')", "get('z')", "get('z', 5)", "get()", "get([])", "get('z', default=5)", "keys()", "values()", "items()", "keys()|list", "items()|list", "update({'c': 3})", "update(c=3)", "update([['c', 3]])", "update(5)", "update([1])", "update([[1, 2, 3]])", "update({}, {})", "setdefault('a', 9)", "setdefault('z', 9)", "setdefault('z')", "pop('a')", "pop('z')", "pop('z', 5)", "pop()", "pop([])", "popitem()", "clear()", "copy()", "fromkeys([1, 2])", "fromkeys('ab', 0)", "fromkeys([[]])", "nope()", "keys(1)", "items", "a")],
    *["{{ (%s).%s }}" % (value, call) for value in ("5", "-5", "0", "true", "2.5", "3.0", "(f * 1e308 * 10)") for call in ("real", "imag", "numerator", "denominator", "conjugate()", "bit_length()", "bit_count()", "is_integer()", "as_integer_ratio()", "hex()", "nope", "nope()", "bit_length(1)")],
    *["{{ (%s).%s }}" % (value, call) for value in ("()", "(1, 2, 1)") for call in ("count(1)", "index(2)", "index(9)", "append(1)", "count()", "index(1, 1)", "nope")],
    # --- printing
    "{{ [1, 'a', none, true, 1.5, [2], (3,), {'k': 'v'}, missing] }}", "{{ ['it\\'s', \"q\", 'a\\'b\"c', 'é', '\\n\\t\\x00\\x7f', '\\u200b', '😀'] }}", "{{ {1: 2, 'a': (1,), none: []} }}", "{{ (1,) }}{{ () }}{{ (1, 2) }}", "{{ l.append }}"[:0] + "{{ [range(3), range(1, 5, 2)] }}", "{{ d.keys() }}{{ d.items() }}{{ d.values() }}", "{{ missing is none }}{{ missing is undefined }}{{ [missing] }}", "{% set r = [1] %}{% set _ = r.append(r) %}{{ r }}",
    "{{ ['a' * 90, {'k' * 50: 'v' * 50}, [1] * 40]|pprint }}", "{{ {'b': 1, 'a': {'z': [1, 2, 3], 'y': 'x' * 80}}|pprint }}", "{{ 'some words that are long enough to be broken somewhere in the middle of it all, and then some more'|pprint }}", "{{ [['word ' * 30]]|pprint }}", "{{ range(50)|list|pprint }}", "{{ (1, 'a' * 100)|pprint }}{{ ('a' * 100,)|pprint }}", "{{ {1: 1, 'a': 2, none: 3}|pprint }}", "{{ ['line one\\nline two ' * 6]|pprint }}",
    # --- text
    "{{ 'the quick brown fox jumps over-the lazy-dog--and more'|wordwrap(10) }}", "{{ 'aaaaaaaaaaaaaaaaaaaa bb cc'|wordwrap(5) }}", "{{ 'aaaaaaaaaaaaaaaaaaaa bb cc'|wordwrap(5, false) }}", "{{ 'one-two-three four'|wordwrap(6) }}{{ 'one-two-three four'|wordwrap(6, break_on_hyphens=false) }}", "{{ 'a--b---c d-e-f 1-2 x-1'|wordwrap(3) }}", "{{ '  leading   spaces  '|wordwrap(4) }}", "{{ 'a\\n\\nb c d'|wordwrap(3) }}", "{{ 'é-è ab-cd'|wordwrap(4) }}",
    "{{ 'see http://example.com/a?b=c#d, (www.jinja.org) and a@b.com. or mailto:c@d.org <https://x.y.co>'|urlize }}", "{{ 'example.com example.org/x foo.bar.net:80/p http://localhost http://1.2.3.4:99/x http://[::1]/ ftp://a.b'|urlize }}", "{{ 'http://a.com/(x) (http://a.com/(y)) http://a.com/x).'|urlize }}", "{{ 'www.a www. www.a.b-c.de WWW.EXAMPLE.COM HTTP://A.COM @a@b.c a@b a@b.c,'|urlize }}", "{{ 'http://example.com/longpath'|urlize(10, true, target='_x', rel='me') }}", "{{ 'tel:123 x:y'|urlize(extra_schemes=['tel:', 'x:']) }}",
    "{{ 'a b c'|urlencode }}{{ {'a b': 'c&d', 'é': 1}|urlencode }}{{ [['a', 1]]|urlencode }}{{ 'a/b?c=é'|urlencode }}{{ [1]|urlencode }}", "{{ '<p>a  <b>b</b>&amp;&eacute;&#65;&#x42;<!-- c -->d'|striptags }}", "{{ '<a<b>c>d < e'|striptags }}", "{{ 1000|filesizeformat }}{{ 1|filesizeformat }}{{ 1024|filesizeformat(true) }}{{ '123456'|filesizeformat }}{{ 10 ** 30|filesizeformat }}", "{{ (10 ** 30)|filesizeformat }}{{ 1e400|filesizeformat }}",
    "{{ 'hello world'|title }}{{ 'it\\'s a-b (c) [d] {e} <f>'|title }}", "{{ 'a\\nb\\n\\nc'|indent }}|{{ 'a\\nb\\n\\nc'|indent(2, true, true) }}|{{ ''|indent }}|{{ '\\n'|indent(2, true) }}", "{{ 'hello big world'|truncate(8) }}{{ 'hello big world'|truncate(8, true) }}{{ 'hello big world'|truncate(8, leeway=0) }}{{ 'hello big world'|truncate(8, false, '!', 0) }}{{ 'hellobigworld'|truncate(5, leeway=0) }}",
    "{{ {'a': 1, 'b': [1, {'c': none}], 'd': '<&\\'>é\\n'}|tojson }}{{ {'b': 1, 'a': 2}|tojson(2) }}{{ [1, [2]]|tojson(indent=1) }}{{ []|tojson(2) }}{{ {1: 2, true: 3, none: 4}|tojson }}", "{{ 1e400|tojson }}{{ 0.1|tojson }}{{ missing|tojson }}", "{{ [missing]|tojson }}", "{{ range(3)|tojson }}", "{{ (1, 2)|tojson }}", "{{ {(1, 2): 3}|tojson }}",
    "{{ users|groupby('dept') }}{% for g in users|groupby('dept') %}{{ g.grouper }}{{ g.list|length }}{{ g[0] }}{% endfor %}", "{{ users|groupby('nope', default='q') }}", "{{ users|map(attribute='name')|join(', ') }}{{ users|selectattr('age', 'gt', 30)|map(attribute='name')|list }}{{ users|sum(attribute='age') }}{{ users|sort(attribute='dept,age', reverse=true)|map(attribute='name')|list }}", "{{ ['B', 'a', 'b', 'A']|groupby(0) }}", "{{ words|unique|list }}{{ words|sort }}{{ words|sort(case_sensitive=true) }}{{ words|min }}{{ words|max }}",
    "{{ [1, 2, 3, 4, 5]|batch(2)|list }}{{ [1, 2, 3, 4, 5]|batch(2, 0)|list }}{{ [1, 2, 3, 4, 5]|slice(2)|list }}{{ [1, 2, 3, 4, 5]|slice(3, 0)|list }}", "{{ 3.14159|round(2) }}{{ 2.5|round }}{{ 3.5|round }}{{ 2.675|round(2) }}{{ 1234.5|round(-2) }}{{ 3.1|round(0, 'ceil') }}{{ -3.1|round(1, 'floor') }}{{ 5|round }}{{ 5|round(1, 'ceil') }}{{ 15|round(-1) }}{{ 25|round(-1) }}", "{{ 'ABC'|lower|upper|capitalize|list|reverse|join('-') }}", "{{ 'x'|attr('nope') }}|{{ d|attr('a') }}|{{ d|attr('items') is callable }}",
    "{{ 'é'|urlencode }}{{ '\\x00'|tojson }}{{ '😀'|tojson }}{{ '😀'|length }}{{ '😀a'[1] }}{{ '😀'|upper }}", "{{ l|sum(start=100) }}{{ [[1], [2]]|sum(start=[]) }}{{ ['a']|sum }}", "{{ d|dictsort }}{{ {'b': 1, 'A': 2, 'c': 0}|dictsort }}{{ {'b': 1, 'A': 2, 'c': 0}|dictsort(true) }}{{ {'b': 1, 'A': 2}|dictsort(by='value') }}{{ {1: 2, 'a': 3}|dictsort }}", "{{ [1, 'a']|sort }}", "{{ [none, 1]|max }}", "{{ {'a': 1}|items|list }}{{ 5|items|list }}",
    # --- deep and large
    "{{ " + "(" * 40 + "1" + ")" * 40 + " }}", "{{ " + "[" * 40 + "]" * 40 + " }}", "{{ " + "not " * 60 + "x }}", "{{ " + "-" * 60 + "x }}", "{{ x" + " + 1" * 80 + " }}", "{{ x" + "|string" * 100 + " }}", "{{ d" + ".a" * 3 + " }}", "".join("{% if x %}" for _ in range(60)) + "a" + "".join("{% endif %}" for _ in range(60)), "{{ 'a'" + " ~ 'b'" * 300 + " }}",
]
