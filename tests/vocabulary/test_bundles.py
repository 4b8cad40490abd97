"""Bundles: several relations as one, judged and reported each for itself."""

import numpy as np
import pandas as pd
import pytest
from hypothesis.database import InMemoryExampleDatabase

import metamorph as mm
from metamorph.failures import Failures
from tests.asking import run

N = 40
PLACE = np.arange(N)
FRAME = pd.DataFrame({"a": PLACE * 7 % 23 * 1.0, "b": PLACE * 11 % 19, "c": PLACE * 13 % 17 / 2})
BUNDLE = mm.increasing("a") & mm.increasing("b") & mm.invariant("c")


def report(model, bundle=BUNDLE, **more):
    return mm.check(model, bundle, FRAME, budget=50, **more, attack=0)


def breaking_b(t):
    return t["a"] - 9.0 * t["b"]


def raising_on_b(t):
    if (t["b"] > 12).any():
        raise ValueError
    return t["a"] * 1.0


def test_one_result_with_its_parts():
    """A bundle is one result, whose parts stand in their order; the one that decides lends it its evidence."""
    found = report(breaking_b).results[0]
    assert ("violated", ["held", "violated", "held"]) == (found.verdict, [part.verdict for part in found.parts])
    assert found.parts[1].counterexample == found.counterexample
    assert [part.relation for part in found.parts] == ["increasing[a]", "increasing[b]", "invariant[c]"]
    assert all(part.sentence in found.sentence for part in found.parts)


def test_a_report_with_parts_survives_json():
    """A bundle's report is the same after JSON, parts and counterexamples among it."""
    before = report(breaking_b)
    assert before == mm.Report.from_json(before.to_json())
    assert before.to_json() == mm.Report.from_json(before.to_json()).to_json()


SEVEREST = {
    "held": (lambda t: t["a"] + t["b"], BUNDLE, "held", 0),
    "violated": (breaking_b, BUNDLE, "violated", 1),
    "inconclusive": (breaking_b, mm.increasing("a") & mm.increasing("b").allow(0.98), "inconclusive", 4),
    "violated before inconclusive": (
        lambda t: -t["a"] - t["b"] * 1.0,
        mm.increasing("a") & mm.increasing("b").allow(0.98),
        "violated",
        1,
    ),
    "broken before violated": (
        breaking_b,
        mm.increasing("b") & mm.increasing("a").when(lambda t: t["a"] > 999),
        "broken",
        3,
    ),
    "broken model": (raising_on_b, BUNDLE, "broken", 3),
}


@pytest.mark.parametrize(("model", "bundle", "verdict", "code"), SEVEREST.values(), ids=list(SEVEREST))
def test_the_severest_part_decides(model, bundle, verdict, code):
    """The verdict and the exit code of a bundle are those of its severest part."""
    found = report(model, bundle)
    assert (verdict, code, code == 0) == (found.results[0].verdict, found.exit_code, found.passed)


def test_raising_for_violations_shows_the_parts():
    """The error of a bundle says how many parts fail, and shows each."""
    with pytest.raises(AssertionError) as raised:
        report(breaking_b).raise_for_violations()
    shown = str(raised.value)
    assert "VIOLATED: 1 of 3 parts" in shown
    assert all(part.id in shown for part in BUNDLE.parts)
    assert 1 == shown.count("<- changed by the relation")
    report(lambda t: t["a"] + t["b"]).raise_for_violations()


def test_a_bundle_beside_a_relation():
    """A bundle and relations are checked together, a result each, in their order."""
    found = mm.check(breaking_b, [mm.decreasing("b"), BUNDLE.named("more")], FRAME, budget=50, attack=0)
    assert [("decreasing[b]", 0), ("more", 3)] == [(one.relation, len(one.parts)) for one in found.results]


def test_a_part_may_be_checked_beside_its_bundle():
    """Ids have to be distinct among what is given, and among the parts of one bundle; not across."""
    found = mm.check(breaking_b, [mm.increasing("a"), BUNDLE], FRAME, budget=50, attack=0)
    assert ["held", "violated"] == [one.verdict for one in found.results]
    with pytest.raises(mm.RelationError, match="equal ids"):
        mm.check(breaking_b, [BUNDLE, BUNDLE], FRAME, attack=0)


def test_a_condition_on_a_bundle():
    """`.when` on a bundle is a condition on every part."""
    found = report(breaking_b, BUNDLE.when(lambda t: t["a"] > 11)).results[0]
    assert all(part.precondition > 0 for part in found.parts)
    assert found.counterexample.source["a"] > 11


def test_a_rate_on_a_bundle():
    """`.allow` on a bundle is a rate for every part."""
    assert [0.5] * 3 == [part.allowed for part in BUNDLE.allow(0.5).parts]
    found = report(lambda t: t["a"] * 1.0 + 0.0 * t["b"], BUNDLE.allow(0.5)).results[0]
    assert [0.5] * 3 == [part.allowed for part in found.parts]


def test_an_output_of_a_bundle():
    """`.on` on a bundle asks every part of that output."""
    asked = BUNDLE.on(lambda model, t: -model(t))
    found = report(lambda t: -t["a"] - t["b"], asked).results[0]
    assert ("held", ["given output"] * 3) == (found.verdict, [part.output for part in found.parts])


def test_a_name_of_a_bundle():
    """`.named` gives a bundle its id, which says what its sources are; the parts keep theirs."""
    named = BUNDLE.named("more is more")
    assert ("more is more", BUNDLE.parts) == (named.id, named.parts)
    assert report(breaking_b, named).results[0].relation == "more is more"
    for wrong in ("", 3, None):
        with pytest.raises(mm.RelationError, match="name"):
            BUNDLE.named(wrong)


def test_the_same_seed_the_same_json():
    """A bundle's report is byte for byte the same under the same seed, but for times, and another under another."""
    one, again, other = (_timeless(report(breaking_b, seed=seed)) for seed in (3, 3, 4))
    assert one == again
    assert one != other


def _timeless(found):
    return [line for line in found.to_json().splitlines() if '"seconds"' not in line]


def test_what_fails_in_a_part_is_replayed():
    """A failing part is remembered under its own id, and found again by replaying alone."""
    failures = Failures(InMemoryExampleDatabase(), "suite", "s.py")
    first = run(breaking_b, BUNDLE, FRAME, budget=50, failures=failures).results[0]
    assert [None, True, None] == [part.replay and "s.py" in part.replay for part in first.parts]
    again = run(breaking_b, BUNDLE, FRAME, budget=None, failures=failures).results[0]
    assert ["skipped", "violated", "skipped"] == [part.verdict for part in again.parts]
    fixed = run(lambda t: t["a"] + t["b"], BUNDLE, FRAME, budget=None, failures=failures).results[0]
    assert (1, 1) == (fixed.parts[1].replayed, fixed.parts[1].fixed)


@pytest.mark.parametrize(
    ("compose", "said"),
    [
        (lambda: BUNDLE | mm.increasing("a"), "Join its parts, then bundle"),
        (lambda: BUNDLE | BUNDLE, "Join its parts, then bundle"),
        (lambda: mm.increasing("a") | BUNDLE, "of a bundle, its parts"),
        (lambda: BUNDLE.then(mm.increasing("a")), "Compose its parts, then bundle"),
        (lambda: mm.increasing("a").then(BUNDLE), "of a bundle, its parts"),
    ],
    ids=["bundle or", "bundles or", "or bundle", "bundle then", "then bundle"],
)
def test_a_bundle_is_made_last(compose, said):
    """What joins or composes relations does not take bundles, and says what to do instead."""
    with pytest.raises(mm.RelationError) as refused:
        compose()
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3
