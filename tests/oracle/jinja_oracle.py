#!/usr/bin/env python3
"""Compares `stir jinja` with Python's Jinja2: the same lines to both, equal output or an error of the same kind.

  tests/oracle/jinja_oracle.py [--stir build/stir] [--count 6000] [--seed 1] [--only PART] [--show 40]
  tests/oracle/jinja_oracle.py --record tests/oracle/jinja_corpus.jsonl    write cases with Jinja2's answers, for tests
                                                                           that run without Python

What differs by choice (docs/templates.md): complex numbers and bytes; infinity written as a literal (`1e400`), which Jinja2
writes into Python as a name; unknown filters in what Jinja2's optimizer drops; how deep Python lets an expression nest.

Parts: filters (every filter and every test on every kind of value, also with wrong arguments), features (cases by hand,
tests/oracle/jinja_cases.py), generated (templates from a seed), macros (the macros inside the installed dbt packages).
The exit code says whether there was a difference.
"""
import argparse
import copy
import glob
import json
import os
import random
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import jinja2  # noqa: E402
import jinja2.nativetypes  # noqa: E402
import jinja2.sandbox  # noqa: E402
from jinja_cases import CASES, CONTEXT, KINDS, FILTER_ARGUMENTS, TEST_ARGUMENTS  # noqa: E402
from jinja_generate import Generator, broken  # noqa: E402

UNDEFINED = {"default": jinja2.Undefined, "strict": jinja2.StrictUndefined, "chainable": jinja2.ChainableUndefined, "debug": jinja2.DebugUndefined}
NO_ENVIRONMENT = {"native", "sandboxed", "undefined", "extensions", "templates"}


def environment_of(options):
    class_ = jinja2.sandbox.SandboxedEnvironment if options.get("sandboxed") else jinja2.Environment
    if options.get("native"):
        class_ = jinja2.nativetypes.NativeEnvironment
    settings = {k: v for k, v in options.items() if k not in NO_ENVIRONMENT}
    settings["undefined"] = UNDEFINED[options.get("undefined", "default")]
    settings["extensions"] = ["jinja2.ext." + name for name in options.get("extensions", [])]
    if "templates" in options:
        settings["loader"] = jinja2.DictLoader(options["templates"])
    return class_(**settings)


def line_of(error):
    """The line of the template that an error shows: of a syntax error its own, else that of the innermost template frame."""
    if getattr(error, "lineno", None):
        return error.lineno
    line, frame = None, error.__traceback__
    while frame:
        if frame.tb_frame.f_code.co_filename in ("<template>", "<unknown>") or frame.tb_frame.f_globals.get("__jinja_template__"):
            line = frame.tb_lineno
        frame = frame.tb_next
    return line


class TooLong(Exception):
    pass


def too_long(*_):
    raise TooLong()


def python_answer(line):
    options = line.get("options", {})
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(10)
    try:
        output = environment_of(options).from_string(line["template"]).render(**copy.deepcopy(line.get("context", {})))
        if options.get("native"):
            output = json.loads(json.dumps(output, default=str))
        return {"output": output}
    except Exception as error:
        message = error.msg if isinstance(error, SyntaxError) else getattr(error, "message", None) or str(error)
        return {"error": {"kind": type(error).__name__, "message": message, "line": line_of(error)}}
    finally:
        signal.alarm(0)


def our_answers(lines, program):
    result = subprocess.run([program, "jinja"], input="".join(json.dumps(line) + "\n" for line in lines), capture_output=True, text=True)
    answers = [json.loads(line) for line in result.stdout.splitlines()]
    if len(answers) != len(lines):
        sys.exit(f"{program} ended at line {len(answers)}: {json.dumps(lines[len(answers)])[:2000]}\n{result.stderr[-2000:]}")
    return answers


# What differs from run to run, or between any two implementations: addresses, the order of sets.
ADDRESS = re.compile(r"<[\w. -]*(object|function|built-in|generator|bound|method)[^>]*>(?:>)?|&lt;[\w. -]*(object|function|built-in|generator|bound|method).*?&gt;")


HAS_ADDRESS = re.compile(r"0x[0-9a-f]{6,}|bound method", re.IGNORECASE)


def without_addresses(value):
    return ADDRESS.sub("<?>", value) if isinstance(value, str) else value


def same_json(a, b):
    if isinstance(a, float) and isinstance(b, float) and a != a and b != b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, list):
        return len(a) == len(b) and all(same_json(x, y) for x, y in zip(a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same_json(a[k], b[k]) for k in a)
    return without_addresses(a) == without_addresses(b)


def difference(python, ours, lines=False):
    """Empty, or what differs."""
    if "output" in python and "output" in ours and HAS_ADDRESS.search(json.dumps(python["output"])):
        return ""  # cut, padded or in other letters: an address cannot be compared
    if "output" in python and "output" in ours:
        return "" if same_json(python["output"], ours["output"]) else "output"
    if "error" not in python or "error" not in ours:
        return "one fails"
    p, o = python["error"], ours["error"]
    if p["kind"] != o["kind"]:
        return "kind"
    is_syntax = p["kind"] in ("TemplateSyntaxError", "TemplateAssertionError")
    if is_syntax and p["message"] != o["message"]:
        return "message"
    if is_syntax and p["line"] != o["line"]:
        return "line"
    return ""


# --- parts

ADDRESSED = {"cycler(1, 2)", "joiner()", "l|map('string')", "l.append", "'a'.upper"}  # print their address


def filter_lines():
    """Every filter and test on every kind of value, with arguments that fit, and with too many and unknown ones."""
    environment = jinja2.Environment()
    wrong = ["1, 2, 3, 4, 5, 6, 7", "nosuch=1"]
    for name in sorted(environment.filters):
        if name in ("random",):
            continue
        for arguments in [""] + FILTER_ARGUMENTS.get(name, []) + wrong:
            call = f"{name}({arguments})" if arguments else name
            for kind in KINDS:
                if name == "replace" and kind in ADDRESSED:
                    continue
                yield {"template": "{{ (%s)|%s }}" % (kind, call), "context": CONTEXT}
                if name in ("map", "select", "reject", "selectattr", "rejectattr", "batch", "slice", "unique", "items", "reverse"):
                    yield {"template": "{{ (%s)|%s|list }}" % (kind, call), "context": CONTEXT}
            if not arguments:
                for undefined in ("strict", "chainable", "debug"):
                    yield {"template": "{{ missing|%s }}" % call, "context": CONTEXT, "options": {"undefined": undefined}}
                for kind in ("'<a>'", "'<a>'|safe", "['<', '>'|safe]", "{'<': '>'}", "missing", "1"):
                    yield {"template": "{{ (%s)|%s }}" % (kind, call), "context": CONTEXT, "options": {"autoescape": True}}
    for name in sorted(environment.tests):
        for arguments in [""] + TEST_ARGUMENTS.get(name, []) + wrong:
            call = f"{name}({arguments})" if arguments else name
            if not name.isidentifier():
                call = None
            for kind in KINDS:
                if call:
                    yield {"template": "{{ (%s) is %s }}" % (kind, call), "context": CONTEXT}
                argument_list = f", {arguments}" if arguments else ""
                yield {"template": "{{ [%s]|select(%r%s)|list }}" % (kind, name, argument_list), "context": CONTEXT}
            if not arguments and call:
                for undefined in ("strict", "chainable", "debug"):
                    yield {"template": "{{ missing is %s }}" % call, "context": CONTEXT, "options": {"undefined": undefined}}


def generated_lines(count, seed):
    rng = random.Random(seed)
    for _ in range(count):
        template = Generator(rng).template()
        line = {"template": broken(rng, template) if rng.random() < 0.12 else template, "context": CONTEXT}
        options = {"extensions": ["do", "loopcontrols"], "sandboxed": True}
        if rng.random() < 0.2:
            options["trim_blocks"], options["lstrip_blocks"] = rng.random() < 0.5, rng.random() < 0.5
        if rng.random() < 0.05:
            options["keep_trailing_newline"] = True
        if rng.random() < 0.1:
            options["autoescape"] = True
        if rng.random() < 0.1:
            options["undefined"] = rng.choice(["strict", "chainable", "debug"])
        if rng.random() < 0.1:
            options["native"] = True
            del options["sandboxed"]
        line["options"] = options
        yield line


def macro_lines():
    """The files of the installed dbt packages' include folders: parsed, and those rendered that dbt would load."""
    import dbt
    folders = [path for root in dbt.__path__ for path in glob.glob(os.path.join(root, "include", "*"))]
    for folder in sorted(folders):
        for path in sorted(glob.glob(os.path.join(folder, "**", "*.sql"), recursive=True)):
            with open(path) as file:
                text = file.read()
            if re.search(r"{%-?\s*(test|materialization|snapshot|docs|data_test)\b", text):
                # dbt's own tags: as macros they are Jinja2's
                text = re.sub(r"({%-?\s*)(?:data_test|test|materialization)\s+(\w+)\s*(\([^)]*\))?[^%]*?(-?%})", lambda m: f"{m[1]}macro {m[2]}{m[3] or '()'} {m[4]}", text)
                text = re.sub(r"({%-?\s*)end(?:data_test|test|materialization)\b", r"\1endmacro", text)
            options = {"extensions": ["do"], "sandboxed": True}
            yield {"template": text, "context": {}, "options": options}
            # Calls of each macro: what needs dbt ends with the same error on both sides.
            for name, parameters in re.findall(r"{%-?\s*macro\s+(\w+)\s*\(([^)]*)\)", text):
                wanted = len([p for p in parameters.split(",") if p.strip() and "=" not in p])
                for arguments in (", ".join(["'a'", "'b'", "'c'", "'d'", "'e'", "'f'"][:wanted]), ", ".join(["[1, 2]"] * wanted)):
                    context = {"return": None, "target": {"name": "dev", "schema": "main"}}
                    yield {"template": text + "{{ %s(%s) }}" % (name, arguments), "context": context, "options": options}


def case_lines():
    for case in CASES:
        template, context, options = (case if isinstance(case, tuple) else (case,)) + (None,) * (3 - len(case if isinstance(case, tuple) else (case,)))
        line = {"template": template, "context": CONTEXT if context is None else context}
        if options:
            line["options"] = options
        yield line


def parts(options):
    made = {"features": lambda: case_lines(), "filters": lambda: filter_lines(), "generated": lambda: generated_lines(options.count, options.seed), "macros": lambda: macro_lines()}
    for name, make in made.items():
        if not options.only or options.only == name:
            yield name, list(make())


NOT_JSON = re.compile(r"\b(?:Infinity|NaN)\b|\b\d{19,}\b")


def record(path, options):
    """A part of all cases, those whose answer is the same everywhere, one a line, the context of most only once."""
    lines = list(case_lines())
    rng = random.Random(0)
    lines += rng.sample(list(filter_lines()), 2200) + list(generated_lines(900, 7))
    kept = 0
    with open(path, "w") as out:
        out.write(json.dumps({"context": {k: v for k, v in CONTEXT.items() if k != "big"}}) + "\n")
        for line, ours in zip(lines, our_answers(lines, options.stir)):
            answer = python_answer(line)
            if what := difference(answer, ours):
                print(f"differs, not recorded: {what}: {line['template'][-300:]!r}\n  python: {json.dumps(answer)[:300]}\n  ours:   {json.dumps(ours)[:300]}")
                continue
            text = json.dumps(answer)
            if NOT_JSON.search(text) or NOT_JSON.search(json.dumps(line["context"])) or re.search(r"\bbig\b", line["template"]):
                continue  # the test's own JSON has neither infinities nor integers beyond 64 bits
            if "output" in answer and (ADDRESS.search(text) or HAS_ADDRESS.search(text) or len(text) > 400):
                continue
            if "error" in answer:
                error = answer["error"]
                if error["kind"] == "TooLong":
                    continue
                is_syntax = error["kind"] in ("TemplateSyntaxError", "TemplateAssertionError")
                answer = {"error": {k: v for k, v in error.items() if k == "kind" or is_syntax}}
            row = {"template": line["template"]}
            if line["context"] is not CONTEXT:
                row["context"] = line["context"]
            if line.get("options"):
                row["options"] = line["options"]
            out.write(json.dumps({**row, **answer}, ensure_ascii=False) + "\n")
            kept += 1
    print(f"{kept} cases written to {path}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stir", default="build/stir")
    parser.add_argument("--count", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only")
    parser.add_argument("--show", type=int, default=40)
    parser.add_argument("--record")
    options = parser.parse_args()
    if options.record:
        return record(options.record, options)
    failed = 0
    for name, lines in parts(options):
        different = 0
        for line, ours in zip(lines, our_answers(lines, options.stir)):
            python = python_answer(line)
            what = difference(python, ours)
            if not what or python.get("error", {}).get("kind") == "TooLong":
                continue
            different += 1
            if different <= options.show:
                print(f"{what}: {line['template'][-600:]!r} {line.get('options') or ''}\n  python: {json.dumps(python)[:600]}\n  ours:   {json.dumps(ours)[:600]}")
        print(f"{name}: {len(lines)} templates, {different} differ", flush=True)
        failed += different
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
