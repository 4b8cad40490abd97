"""Whatever stands in a name, a level, an exception or a label, the screen stays a screen and JSON stays JSON."""

import functools
import json
import unicodedata

import attrs
import numpy as np
import pandas as pd
import pytest
from rich.cells import cell_len

import metamorph as mm

STRINGS = {
    "markup": "[bold red]sale[/bold red]",
    "unclosed markup": "[/]",
    "link markup": "[link=https://evil.example]here[/link]",
    "ansi colour": "\x1b[31mred\x1b[0m",
    "ansi clear": "\x1b[2J\x1b[H",
    "osc title": "\x1b]0;owned\x07",
    "osc-8 link": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "c1 csi": "\x9b31mred",
    "bell": "ding\x07",
    "backspace": "safe\b\b\b\bevil",
    "carriage return": "passed\rfailed",
    "newline": "first\nHELD on all of 10,000 cases",
    "crlf": "a\r\nb",
    "tab": "a\tb",
    "vertical tab": "a\vb\fc",
    "nul": "a\0b",
    "delete": "a\x7fb",
    "next line": "a\x85b",
    "line separator": "a\u2028b\u2029c",
    "bidi override": "\u202egnp.exe",
    "bidi isolates": "\u2066a\u2069\u200f",
    "zero width": "a\u200bb\ufeffc",
    "soft hyphen": "a\u00adb",
    "tags": "a\U000e0041\U000e007f",
    "lone surrogate": "a\ud800b",
    "surrogates the wrong way": "\udc00\ud800",
    "private use": "a\ue000b",
    "noncharacter": "a\ufffeb",
    "combining": "Z" + "\u0351" * 60,
    "wide": "面積" * 40,
    "emoji": "🏠" * 50,
    "emoji family": "👨\u200d👩\u200d👧" * 20,
    "right to left": "מחיר" * 20,
    "script": "</script><script>alert(1)</script>",
    "entity": "&lt;b&gt; <b> ' \"",
    "cdata": "]]><!--",
    "dollar": "$area_{x}$",
    "formula": "=cmd|'/c calc'!A0",
    "percent": "%s %d {0} {name} %",
    "backslashes": "\\x1b[31m \\n \\",
    "spaces": "   ",
    "empty": "",
    "quotes": "'\"`",
    "long word": "x" * 300,
    "long text": "many words " * 200,
    "json": '{"verdict": "held"}',
    "a number": "1e999",
    "nan": "NaN",
}
HIDDEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}

X = np.arange(12.0)


def holds(text):
    """Whether pandas can have a column of that name: where pyarrow is installed, not without bytes."""
    try:
        return len(pd.Index([text])) == 1
    except UnicodeEncodeError:
        return False


def fall(t, name="x"):
    return -t[name].to_numpy()


def everywhere(text):
    """A report in which every text is *text*."""
    pair = mm.Counterexample(
        {text: text, "x": 1.0}, {text: None, "x": 2.0}, text, "b", 1.0, "changes", None, 0.0, (text,), (text, "x")
    )
    fall_of = attrs.evolve(pair, source_output=2.0, follow_up_output=1.0, change="falls", amount=1.0)
    counts = {
        "cases": 9,
        "violations": 3,
        "rate": 1 / 3,
        "interval": (0.1, 0.6),
        "drawn": 12,
        "calls": 5,
        "rows": 90,
        "output": text,
    }
    results = (
        mm.Result(text, text, "violated", counterexample=pair, worst=pair, stopped=text, **counts),
        mm.Result(f"2 {text}", text, "violated", counterexample=fall_of, worst=fall_of, distinct=7, **counts),
        mm.Result(f"3 {text}", text, "broken", evidence=mm.Evidence("model", text, {text: text, "y": 1.5})),
        mm.Result(f"4 {text}", text, "held", largest_shift=0.1, **(counts | {"violations": 0, "rate": 0.0})),
    )
    return mm.Report(results, (text, text), {text: text, "x": 0.5}, notes=(text, f"a note on {text}"))


def in_column(text):
    frame = pd.DataFrame({text: X, "other": X[::-1] % 5})
    return mm.check(lambda t: fall(t, text), mm.increasing(text), frame, budget=12, attack=0)


def in_category(text):
    frame = pd.DataFrame({"x": X, "level": pd.Series([text, "plain"] * 6, dtype=object)})
    return mm.check(lambda t: (t["level"] == text) * 1.0, mm.invariant("level"), frame, budget=12, attack=0)


def in_exception(text):
    def model(_):
        raise ValueError(text)

    return mm.check(model, mm.increasing("x"), pd.DataFrame({"x": X}), budget=12, attack=0)


def in_relation(text):
    first = mm.increasing("x").named(text) if text else mm.increasing("x")
    return mm.check(fall, [first, mm.decreasing("x")], pd.DataFrame({"x": X}), budget=12, attack=0)


def in_noun(text):
    schema = mm.Schema.from_frame(pd.DataFrame({"x": X, "y": X[::-1]})).with_noun(text)
    return mm.check(lambda t: fall(t) * (t["y"] > 8), mm.increasing("x"), schema, budget=12, attack=0)


def in_label(text):
    return mm.check(
        lambda t: np.where(t["x"] > 5, text, "plain"), mm.invariant("x"), pd.DataFrame({"x": X}), budget=12, attack=0
    )


def in_answer(text):
    return mm.check(lambda t: [text] * len(t), mm.increasing("x"), pd.DataFrame({"x": X}), budget=12, attack=0)


def in_function_name(text):
    def change(t):
        return t.assign(x=t["x"] + 1)

    change.__name__ = text
    relation = mm.Relation("own", transform=change, touches=["x"], expect=mm.expectations.not_lower())
    return mm.check(fall, relation, pd.DataFrame({"x": X}), budget=12, attack=0)


PLACES = {
    "column": in_column,
    "category": in_category,
    "exception": in_exception,
    "relation": in_relation,
    "noun": in_noun,
    "label": in_label,
    "answer": in_answer,
    "function": in_function_name,
}
SOME = ["ansi colour", "newline", "nul", "lone surrogate", "bidi override", "wide", "markup", "empty"]
MADE = {f"everywhere: {name}": (everywhere, text) for name, text in STRINGS.items()}
MADE |= {f"{place}: {name}": (make, STRINGS[name]) for place, make in PLACES.items() for name in SOME}
MADE = {name: made for name, made in MADE.items() if made[0] is not in_column or holds(made[1])}
reported = functools.cache(lambda name: MADE[name][0](MADE[name][1]))
every_report = pytest.mark.parametrize("name", MADE)


def too_wide(shown):
    return [line for line in shown.splitlines() if cell_len(line) > 80]


@every_report
def test_no_line_is_too_wide(name):
    """No line is wider than 80 cells, whatever stands in it."""
    assert [] == too_wide(str(reported(name)))


@every_report
def test_nothing_acts_or_hides(name):
    """No character of the screen acts on the terminal, turns text round or hides."""
    shown = str(reported(name))
    assert set() == {char for char in shown if char != "\n" and unicodedata.category(char) in HIDDEN}


@every_report
def test_no_line_is_forged(name):
    """No text begins a line of its own that could be taken for a verdict."""
    assert [] == [line for line in str(reported(name)).split("\n") if line.startswith("HELD on all of 10,000")]


@every_report
def test_json(name):
    """JSON is strict, ASCII, and gives the report back as it was."""
    report = reported(name)
    document = report.to_json()
    assert document.isascii()
    assert report == mm.Report.from_json(document)
    assert len(report.results) == len(json.loads(document, parse_constant=pytest.fail)["results"])


@pytest.mark.parametrize(
    "make", [everywhere, in_column, in_category, in_exception, in_relation, in_noun, in_function_name]
)
def test_a_million_characters(make):
    """A text of a million characters is cut on the screen."""
    assert len(str(make("ab " * 333_333))) < 40_000


@pytest.mark.parametrize("name", [name for name, text in STRINGS.items() if holds(text)])
def test_errors(name):
    """An error about a hostile name is at most three lines without a control character."""
    text = STRINGS[name]
    with pytest.raises(mm.RelationError) as refused:
        mm.check(fall, mm.increasing(text + "?"), pd.DataFrame({"x": X, text: X}), budget=12, attack=0)
    lines = str(refused.value).split("\n")
    assert len(lines) <= 3
    assert set() == {char for line in lines for char in line if unicodedata.category(char) in HIDDEN}


def test_many_columns_and_relations():
    """Dozens of differing columns and long names stay within the screen, and what is left out is counted."""
    names = [f"a rather long column name of number {place}" for place in range(60)]
    frame = pd.DataFrame(dict.fromkeys(names, X))
    relations = [mm.increasing(name).named(f"{name} must never lower the price, whatever else") for name in names[:4]]
    shown = str(mm.check(lambda t: -t[names].sum(axis=1), relations, frame, budget=12, attack=0))
    assert [] == too_wide(shown)
