"""Relations from a user's own functions are held to what they say they touch, and to working row by row."""

import numpy as np
import pandas as pd
import pytest

import metamorph as mm

HOUSES = pd.DataFrame(
    {"area": np.linspace(40, 240, 50).round(1), "rooms": np.arange(50) % 6 + 1, "heating": ["gas", "oil"] * 25}
)


def price(t):
    return 1_000.0 * t["area"] + 50.0 * t["rooms"]


def relation(transform, touches=("area",), expect=None, **more):
    return mm.Relation(
        "own", transform=transform, touches=touches, expect=expect or mm.expectations.not_lower(), **more
    )


def result(transform, touches=("area",), model=price, schema=HOUSES, **more):
    return mm.check(model, relation(transform, touches, **more), schema, budget=300, attack=0).results[0]


def grow(t):
    return t.assign(area=t["area"] * 1.1)


def test_an_honest_transformation():
    """A function from source rows to follow-up rows makes a relation like any other."""
    found = result(grow)
    assert ("held", 300) == (found.verdict, found.cases)


def test_a_broken_relation_is_found_and_reduced():
    """A violation under a user's own transformation is reduced to the reference row."""
    found = result(grow, model=lambda t: -price(t))
    assert ("violated", (), ("area",)) == (found.verdict, found.counterexample.differs, found.counterexample.changed)
    assert found.counterexample.follow_up["area"] == pytest.approx(found.counterexample.source["area"] * 1.1)


def test_beyond_the_bounds_is_not_applicable():
    """A follow-up outside the schema is not applicable, never clipped."""
    found = result(lambda t: t.assign(area=t["area"] + 100.0))
    assert found.not_applicable > 0
    assert found.cases + found.not_applicable == found.drawn


def test_a_change_of_nothing_is_counted():
    """A transformation that changes nothing tests nothing: every case is counted, and the relation is broken."""
    found = result(lambda t: t)
    assert ("broken", "relation", 0) == (found.verdict, found.evidence.about, found.cases)
    assert found.no_change == found.drawn > 0


def test_some_changes_of_nothing():
    """Only rows that change are judged."""
    found = result(lambda t: t.assign(area=t["area"].where(t["heating"] == "gas", (t["area"] + 0.5).round(1))))
    assert found.no_change > 0
    assert found.cases == 300


def test_touching_more_than_declared():
    """A column outside `touches` must stay: the evidence names it."""
    found = result(lambda t: t.assign(area=t["area"] * 1.1, rooms=1))
    assert ("broken", "relation", True) == (found.verdict, found.evidence.about, "'rooms'" in found.evidence.message)


def test_everything_may_be_touched():
    """Without `touches` any column may change."""
    found = result(lambda t: t.assign(area=t["area"] * 1.1, rooms=t["rooms"].clip(2)), touches=None)
    assert "held" == found.verdict


@pytest.mark.parametrize(
    "transform",
    [
        lambda t: t.assign(area=np.where(np.arange(len(t)) % 2 == 0, 100.0, 150.0)),
        lambda t: t.assign(area=t["area"].to_numpy()[::-1]),
        lambda t: t.assign(area=t["area"].clip(upper=t["area"].iloc[0])),
        lambda t: t.assign(area=t["area"].cummax()),
    ],
    ids=["alternating", "reversed", "the first row", "cumulative"],
)
def test_position_dependence(transform):
    """A transformation whose follow-up depends on a row's position is found out by shuffling the rows."""
    found = result(transform)
    assert ("broken", "relation", True) == (found.verdict, found.evidence.about, "position" in found.evidence.message)


def test_chance():
    """A transformation that draws at random is found out as well."""
    rng = np.random.default_rng(0)
    found = result(lambda t: t.assign(area=rng.uniform(40, 240, len(t))))
    assert ("broken", "relation") == (found.verdict, found.evidence.about)


WRONG = {
    "loses a column": (lambda t: t.drop(columns="rooms"), "'rooms'"),
    "loses rows": (lambda t: t.head(3), "one row a source row"),
    "adds rows": (lambda t: pd.concat([t, t]), "one row a source row"),
    "returns None": (lambda _: None, "NoneType"),
    "returns an array": (lambda t: t.to_numpy(), "ndarray"),
    "returns a Series": (lambda t: t["area"], "Series"),
    "raises": (lambda t: t.assign(area=t["aera"]), "KeyError"),
    "raises at some rows": (lambda t: 1 / 0 if (t["area"] > 100).any() else t, "ZeroDivisionError"),
    "makes text of numbers": (lambda t: t.assign(area="wide"), "'area'"),
    "mistakes and for &": (lambda t: t.assign(area=t["area"] if t["rooms"] > 2 and t["area"] > 1 else 0), "ambiguous"),
}


@pytest.mark.parametrize(("transform", "said"), WRONG.values(), ids=list(WRONG))
def test_wrong_transformations(transform, said):
    """A transformation that does not work breaks its relation, with evidence, and never the run."""
    report = mm.check(price, [relation(transform), mm.increasing("rooms")], HOUSES, budget=300, attack=0)
    assert ["broken", "held"] == [found.verdict for found in report.results]
    assert "relation" == report.results[0].evidence.about
    assert said in report.results[0].evidence.message


def test_row_order_and_index_are_free():
    """A transformation may return another row index or further columns; rows are matched by position."""
    found = result(lambda t: grow(t).set_axis(range(7, 7 + len(t))).assign(note="x"))
    assert "held" == found.verdict


def test_another_dtype_is_taken_back():
    """Values that come back in another dtype go to the model in the schema's own."""
    dtypes = set()

    def model(t):
        dtypes.add((str(t["rooms"].dtype), str(t["heating"].dtype)))
        return price(t)

    found = result(
        lambda t: t.assign(rooms=t["rooms"] + 1.0, heating=t["heating"].astype(object)), ["rooms", "heating"], model
    )
    assert ("held", 1) == (found.verdict, len(dtypes))


def test_the_source_is_a_copy():
    """A transformation that changes the frame it is given changes no source."""

    def meddling(t):
        t["area"] = t["area"] * 1.1
        return t

    found = result(meddling)
    assert ("held", 300) == (found.verdict, found.cases)


def test_derived_columns_are_recomputed():
    """A transformation need not keep derived columns right: they are computed on the follow-up."""
    schema = mm.Schema.from_frame(HOUSES).derive(larea=lambda t: np.log(t["area"]))
    seen = []

    def model(t):
        seen.append(np.abs(t["larea"] - np.log(t["area"])).max())
        return price(t)

    assert ("held", 0.0) == (result(grow, model=model, schema=schema).verdict, max(seen))


def test_mistakes_in_the_relation_raise():
    """A mistake that shows without calling anything is a RelationError before the model is asked."""
    for broken, said in [
        ({"transform": 3}, "transform=3"),
        ({"expect": 3}, "expect=3"),
        ({"transform": mm.transforms.scale(["area"], by=2)}, "touches"),
        ({"name": ""}, "name=''"),
    ]:
        parts = {"name": "own", "transform": grow, "touches": ["area"], "expect": mm.expectations.unchanged()} | broken
        with pytest.raises(mm.RelationError, match=said):
            mm.Relation(parts.pop("name"), **parts)


@pytest.mark.parametrize(("touches", "said"), [(["aera"], "did you mean 'area'"), (["larea"], "'area'")])
def test_touching_unknown_or_derived_columns(touches, said):
    """A relation on a column that is absent or derived raises before the model is asked."""
    asked = []
    schema = mm.Schema.from_frame(HOUSES).derive(larea=lambda t: np.log(t["area"]))
    with pytest.raises(mm.RelationError, match=said):
        mm.check(asked.append, relation(grow, touches), schema, attack=0)
    assert [] == asked


def test_one_name_as_touches():
    """A single column given as text is that column, or refused; never its letters."""
    try:
        verdict = result(grow, touches="area").verdict
    except mm.RelationError as refused:
        verdict = "refused" if "touches" in str(refused) else str(refused)
    assert verdict in {"held", "refused"}
