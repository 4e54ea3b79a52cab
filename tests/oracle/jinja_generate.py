"""Templates from a seed: expressions and statements of the language, mostly well typed, at times not."""


class Generator:
    """Expressions and statements of the language, mostly well typed, at times not."""

    def __init__(self, rng):
        self.rng = rng
        self.depth = 0

    def pick(self, *options):
        return self.rng.choice(options)

    def number(self):
        return self.pick("0", "1", "2", "7", "-3", "2.5", "-0.5", "1e3", "10", "x", "y", "f", "3.0", "100")

    def text(self):
        return self.pick("'a'", "'B c'", '"it\'s"', "''", "'a,b,,c'", "' pad '", "s", "e", "'%s-%s'", "'{}-{}'", "'é'", "'x\\ny'", "'<b>'", "'12'", "'1.5'")

    def sequence(self):
        return self.pick("l", "words", "[]", "[1, 'a', none]", "(1, 2)", "range(4)", "m", "users", "d.keys()", "'abc'", "[2, 2.0, true]", "d.values()|list")

    def atom(self):
        return self.pick(self.number(), self.number(), self.text(), self.text(), self.sequence(), "d", "n", "t", "none", "true", "false", "missing", "{'k': 1, 2: [3]}")

    def expression(self):
        self.depth += 1
        try:
            if self.depth > 4:
                return self.atom()
            kind = self.rng.randrange(15)
            make = self.expression
            if kind < 3:
                return self.atom()
            if kind == 3:
                return f"{self.typed('number')} {self.pick('+', '-', '*', '/', '//', '%', '**')} {self.typed('number')}"
            if kind == 4:
                return f"{make()} ~ {make()}"
            if kind == 5:
                return f"({make()}) {self.pick('==', '!=', '<', '>', '<=', '>=', 'in', 'not in')} ({make()})"
            if kind == 6:
                return f"({make()} {self.pick('and', 'or')} {make()})"
            if kind == 7:
                return f"({make()} if {make()} else {make()})"
            if kind == 8:
                return f"({make()})|{self.filter()}"
            if kind == 9:
                return self.text_filter()
            if kind == 10:
                return self.sequence_filter()
            if kind == 11:
                return self.method()
            if kind == 12:
                return f"{self.pick('l', 's', 'words', 'd', 'm', 'users')}{self.subscript()}"
            if kind == 13:
                return f"({make()}) is {self.test()}"
            return self.pick(f"not {make()}", f"-({make()})", f"[{make()}, {make()}]", f"({make()}, {make()})", "{" + f"'a': {make()}" + "}", f"({make()}) + ({make()})", f"({make()}) * ({make()})", f"({make()}) % ({make()})")
        finally:
            self.depth -= 1

    def typed(self, kind):
        return self.number() if kind == "number" and self.rng.random() < 0.8 else f"({self.expression()})"

    def small(self):
        return self.pick("0", "1", "2", "3", "-1", "5", "x")

    def subscript(self):
        return self.pick("[0]", "[-1]", "[5]", "[1:]", "[::-1]", "[:2]", "['a']", ".a", ".missing", "[1:5:2]", "[-2:]", "[::0]", ".0", "[x:]", "['name']", "[0].name", "[none]", "[:'a']")

    def test(self):
        return self.pick("defined", "undefined", "none", "string", "number", "integer", "float", "boolean", "mapping", "sequence", "iterable", "callable", "odd", "even",
                         "divisibleby 2", "eq 1", "ne 'a'", "gt 1", "lt 2", "in [1, 'a']", "lower", "upper", "true", "false", "sameas none", "not string", "not none")

    def filter(self):
        return self.pick("string", "list", "length", "first", "last", "int", "float", "default('d')", "default('d', true)", "abs", "round", "join(',')", "upper", "tojson",
                         "reverse|list", "sort", "unique|list", "sum", "max", "min", "trim", "title", "e", "int(5)", "float(1.5)", "round(1)", "round(-1)", "batch(2)|list",
                         "slice(2)|list", "count", "capitalize", "lower", "safe", "wordcount", "dictsort", "items|list", "string|length", "pprint", "replace('a', 'b')",
                         "map('string')|list", "select|list", "reject('odd')|list", "is_a_filter", "filesizeformat", "urlencode", "attr('upper')", "xmlattr", "striptags")

    def text_filter(self):
        return f"{self.text()}|{self.pick('upper', 'lower', 'title', 'capitalize', 'trim', 'length', 'reverse', 'list', 'center(9)', 'indent(2)', 'indent(2, true)', 'truncate(5)', 'truncate(5, true, end=chr)', 'wordcount', 'replace(x, y)', 'int', 'float', 'first', 'last', 'urlencode', 'e', 'striptags', 'tojson', 'wordwrap(4)', 'format(1, 2)', 'format(1)', 'string', 'sort|join', 'unique|join')}"

    def sequence_filter(self):
        return f"{self.sequence()}|{self.pick('join', 'join(x)', 'sort', 'sort(reverse=true)', 'sort(case_sensitive=true)', 'unique|list', 'list', 'length', 'first', 'last', 'sum', 'max', 'min', 'batch(2)|list', 'batch(3, 0)|list', 'slice(3)|list', 'slice(2, none)|list', 'map(attribute=0)|list', 'map(attribute=attr)|list', 'map(upper)|list', 'select(odd)|list', 'reverse|list', 'tojson', 'string', 'groupby(0)', 'groupby(dept)|list', 'selectattr(attr)|list', 'rejectattr(attr, gt, 30)|list', 'sum(attribute=age)', 'max(attribute=age)')}"

    def method(self):
        owner = self.pick("s", "'a,b,,c'", "' pad '", "'%'")
        call = self.pick("upper()", "lower()", "strip()", "split(',')", "split()", "rsplit(',', 1)", "replace('a', 'X')", "startswith('a')", "endswith(' ')", "find('b')", "title()",
                         "capitalize()", "join(['x', 'y'])", "join(l)", "count(',')", "zfill(12)", "center(11, '*')", "ljust(12)", "rjust(12, '.')", "splitlines()", "partition(',')",
                         "isdigit()", "isalpha()", "swapcase()", "lstrip('a')", "rstrip('c')", "index('q')", "format(1)", "nope()", "expandtabs()", "casefold()", "removeprefix('a')",
                         "isupper()", "islower()", "isspace()", "istitle()", "rfind('b')", "rpartition(',')")
        if self.rng.random() < 0.6:
            return f"{owner}.{call}"
        return self.pick("d.get('a')", "d.get('zz')", "d.get('zz', 1)", "d.items()|list", "d.keys()|list", "d.values()|list", "d.copy()", "l.index(1)", "l.index(99)", "l.count(2)", "l.copy()",
                         "'{:>8}|{:<4}|{:^6}'.format('a', 'b', 'c')", "'{:05d} {:,} {:.2f} {:e}'.format(42, 1234567, 3.14159, 12345.678)", "'{0} {1} {0}'.format(x, y)", "'{a.real} {b[0]}'.format(a=x, b=l)",
                         "'%5d|%-5d|%05d|%x|%o' % (42, 42, 42, 255, 8)", "'%.3f %e %g' % (3.14159, 12345.678, 0.00001)", "'%s %r' % ('a', 'a')", "'%(b)s' % d", "'%d' % 'a'", "'%s' % (1, 2)", "'%s %s' % 1",
                         "'{}'.format()", "'{x}'.format()", "'{:d}'.format('a')", "'{!r:>5}'.format('a')", "d.setdefault('q', 5)", "l.pop()", "l.pop(9)", "d.pop('a')", "d.pop('zz')", "d.update({'a': 0})", "l.append(4)", "l.extend([5])", "l.insert(0, 9)", "l.remove(1)", "l.remove(99)", "l.sort()", "l.reverse()")

    def statement(self, level=0):
        body = lambda: self.template(level + 1)
        dash = lambda: self.pick("", "", "", "-", "+")
        kind = self.rng.randrange(12) if level < 3 else 0
        open_, close = "{%" + dash(), self.pick("", "", "-") + "%}"
        if kind <= 2:
            return "{{" + self.pick("", "-") + " " + self.expression() + " " + self.pick("", "-") + "}}"
        if kind == 3:
            middle = f"{{% elif {self.expression()} %}}{body()}" if self.rng.random() < 0.3 else ""
            other = f"{{%- else %}}{body()}" if self.rng.random() < 0.5 else ""
            return f"{open_} if {self.expression()} {close}{body()}{middle}{other}{open_} endif {close}"
        if kind == 4:
            target = self.pick("i", "i", "x", "a, b", "(a, b)")
            condition = f" if {self.pick('i', 'loop', self.expression())}" if self.rng.random() < 0.2 else ""
            source = self.pick(self.sequence(), "m", "d.items()", self.expression())
            inside = self.pick("{{ loop.index }}", "{{ loop.last }}", "{{ i }}", "{{ loop.length }}{{ loop.revindex0 }}", "{% if loop.index > 1 %}{% break %}{% endif %}", "{% continue %}", "{{ loop.cycle('p', 'q') }}", "{{ loop.previtem }}|{{ loop.nextitem }}", "")
            other = f"{{% else %}}{body()}" if self.rng.random() < 0.3 else ""
            return f"{open_} for {target} in {source}{condition} {close}{body()}{inside}{other}{open_} endfor {close}"
        if kind == 5:
            return f"{{% set {self.pick('x', 'z', 'v', 'a, b', 'ns.q')} = {self.expression()} %}}"
        if kind == 6:
            return f"{{% set {self.pick('x', 'z')} {self.pick('', '| upper ')}%}}{body()}{{% endset %}}"
        if kind == 7:
            name = self.pick("mac", "mac2")
            arguments = self.pick("", "a", "a, b=2", "a, b=a", "a=x")
            inside = self.pick("{{ a }}", "{{ varargs }}", "{{ kwargs }}", "{{ caller() }}", "")
            return f"{{% macro {name}({arguments}) {close}{inside}{body()}{{% endmacro %}}"
        if kind == 8:
            return f"{{{{ {self.pick('mac', 'mac2')}({self.pick('', '1', '1, 2', 'a=1', 'b=3', '1, 2, 3', 'q=1')}) }}}}"
        if kind == 9:
            return f"{{% call{self.pick('', '(a)', '(a, b=1)')} {self.pick('mac', 'mac2')}({self.pick('', '1')}) %}}{body()}{{% endcall %}}"
        if kind == 10:
            return self.pick(f"{{% filter {self.pick('upper', 'trim', 'replace(1, 2)', 'title|lower')} %}}{body()}{{% endfilter %}}", f"{{% with z = {self.expression()} %}}{{{{ z }}}}{body()}{{% endwith %}}",
                             f"{{% do {self.method()} %}}", "{# c #}", "{%- raw -%} {{ r }} {% endraw %}", "{% set ns = namespace(q=1) %}{{ ns.q }}")
        return self.pick("{{ x }}{{ z }}{{ v }}", "{{ i }}", "{{ a }}{{ b }}", "{{ l }}{{ d }}")

    def template(self, level=0):
        parts = []
        for _ in range(self.rng.randrange(1, 4)):
            parts.append(self.pick("", "", " ", "\n", "text", "a b\n", "  \n  "))
            parts.append(self.statement(level))
        return "".join(parts)


def broken(rng, template):
    """The template with a slip: a token lost, doubled or swapped."""
    tokens = ["{%", "%}", "{{", "}}", "endfor", "endif", "(", ")", "[", "]", "'", "|", ",", "."]
    at = rng.randrange(len(template) + 1)
    kind = rng.randrange(3)
    if kind == 0:
        return template[:at] + rng.choice(tokens) + template[at:]
    return template[:at] + template[at + rng.randrange(1, 4):]
