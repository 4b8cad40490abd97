"""Every prediction-level relation of the catalogue: a model that breaks it, and one that keeps it."""

import inspect
import operator
import re
import warnings

import attrs
import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import PCA
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import KBinsDiscretizer, StandardScaler
from sklearn.tree import DecisionTreeRegressor

import metamorph as mm
from metamorph import catalogue, expectations, registry, transforms

N = 120
PLACE = np.arange(N)
HOUSES = pd.DataFrame(
    {
        "area": PLACE * 37 % 101 * 2.0 + 0.5,
        "rooms": PLACE * 7 % 5 + 1,
        "kind": np.array(["flat", "house", "other"])[PLACE * 11 % 3],
        "race": np.array(["a", "b"])[PLACE % 2],
        "sex": np.array(["m", "w"])[PLACE // 2 % 2],
        "left": PLACE * 13 % 10,
        "right": PLACE * 17 % 10,
        "age": np.where(PLACE % 4 == 0, np.nan, PLACE * 3.0 % 50),
        "sold": pd.to_datetime("2020-01-06") + pd.to_timedelta(PLACE * 5 % 90, unit="D"),
        "id": PLACE,
    }
)
SCHEMA = mm.Schema.from_frame(HOUSES).with_roles(protected=["race", "sex"], identifier=["id"])
NUMBERS = HOUSES[["area", "rooms", "left"]]
LENGTHS = mm.Schema(length=mm.Real(0, 1_000), unit=mm.Category(["in", "cm"]))
LOGGED = HOUSES[["area", "rooms"]].assign(log_area=np.log(HOUSES["area"]))


@attrs.frozen
class Model:
    """A model that was fitted on nothing: what it answers is a function of the table."""

    answer: object
    feature_names_in_: object = None

    def predict(self, table):
        return self.answer(table)


@attrs.frozen
class Grades:
    """A classifier of three ordered grades: ``shares(table)`` are the probabilities, the likeliest is the label."""

    shares: object
    classes_: tuple = ("bad", "fair", "good")

    def predict_proba(self, table):
        return self.shares(table)

    def predict(self, table):
        return np.array(self.classes_)[self.shares(table).argmax(axis=1)]


class Forgetful:
    """Forgets where it stood when it is saved."""

    def __init__(self, level=0.0):
        self.level = level

    def predict(self, table):
        return np.full(len(table), self.level)

    def __reduce__(self):
        return Forgetful, ()


class Faithful(Forgetful):
    """Comes back as it was saved."""

    def __reduce__(self):
        return Faithful, (self.level,)


@attrs.define
class Cached:
    """Answers rows of the same rooms as it answered the first of them."""

    known: dict = attrs.field(factory=dict)

    def predict(self, table):
        keys = zip(table["rooms"], table["area"], strict=True)
        return np.array([self.known.setdefault(rooms, area) for rooms, area in keys], dtype=float)


@attrs.define
class Constrained(BaseEstimator):
    """Says that it rises with area."""

    slope: float = 1.0
    monotonic_cst: object = None

    def predict(self, table):
        return self.slope * table["area"].to_numpy()


class Skewed(TransformerMixin, BaseEstimator):
    """Does another thing while it is fitted than later."""

    def fit(self, table, _=None):
        self.fitted_ = len(table)
        return self

    def transform(self, table):
        return np.asarray(table, dtype=float)

    def fit_transform(self, table, _=None):
        return self.fit(table).transform(table) + 1.0


class Lossy(Skewed):
    """Gives back whole numbers only."""

    def inverse_transform(self, table):
        return np.round(table)


def rising(table):
    """Probabilities that move up the grades with the area."""
    up = table["area"].to_numpy() / 250
    return np.column_stack([(1 - up) ** 2, 2 * up * (1 - up), up**2])


def infinite_in_a_corner(table):
    """No number for what is large and has few rooms, which nothing observed is."""
    return np.where((table["area"] > HOUSES["area"].quantile(0.9)) & (table["rooms"] <= 3), np.inf, 1.0)


def as_text(table):
    """A table keyed by text knows 2, and not 2.0."""
    return table["rooms"].astype("str").map({str(rooms): float(rooms) for rooms in range(20)}).fillna(-1.0).to_numpy()


def area(table):
    return table["area"].to_numpy()


def in_cm(table):
    return (table["length"] * np.where(table["unit"] == "in", 2.54, 1.0)).to_numpy()


def named(answer, columns=NUMBERS.columns):
    return Model(answer, np.array(columns, dtype=object))


NUMERIC = mm.Schema.from_frame(NUMBERS)
BY_ITSELF = {
    "P1": ("invariant[race]", SCHEMA, lambda t: (t["race"] == "a") * 1.0, area),
    "P16": ("asked alone or in a batch", SCHEMA, lambda t: area(t) - area(t).max(), area),
    "P17": ("rows in another order", SCHEMA, lambda t: area(t) + np.arange(len(t)), area),
    "P18": ("half of the rows", SCHEMA, lambda t: area(t) - area(t).mean(), area),
    "P19": ("every row twice", SCHEMA, lambda t: area(t) - 9.0 * t.duplicated().to_numpy(), area),
    "P20": ("asked twice", SCHEMA, lambda t: t.pop("area").to_numpy(), area),
    "P21": (
        "an array in C order",
        NUMERIC,
        Model(lambda t: np.asarray(t)[:, 0] + isinstance(t, np.ndarray)),
        Model(lambda t: np.asarray(t)[:, 0]),
    ),
    "P22": ("columns in another order", NUMERIC, named(lambda t: t.to_numpy()[:, 0]), named(area)),
    "P23": ("saved and loaded", NUMERIC, Forgetful(7.0), Faithful(7.0)),
    "P24": ("coherent probabilities", NUMERIC, Grades(lambda t: rising(t) * 0.9), Grades(rising)),
    "P30": ("another row index", SCHEMA, lambda t: t["area"].sort_index().to_numpy(), area),
    "P31": ("asked after other rows", NUMERIC, Cached(), Faithful(7.0)),
    "P32": ("answered everywhere", NUMERIC, named(infinite_in_a_corner), named(area)),
    "P33": ("whole numbers as floats", NUMERIC, named(as_text), named(area)),
    "L8": ("one column more", NUMERIC, named(lambda t: t.sum(axis=1).to_numpy()), named(area)),
    "D1": (
        "increasing[area]",
        NUMERIC,
        Constrained(-1.0, {"area": 1}),
        DecisionTreeRegressor(max_depth=4, random_state=0, monotonic_cst=[1, 0, 0]).fit(NUMBERS, HOUSES["rooms"]),
    ),
    "D2": ("invariant[id]", SCHEMA, lambda t: t["id"].to_numpy() % 2 * 1.0, area),
}


@pytest.mark.parametrize("known", BY_ITSELF)
def test_what_applies_by_itself_is_broken_by_one_model(known):
    """A relation that needs no declaration is violated by the model that breaks it."""
    name, schema, breaks, _ = BY_ITSELF[known]
    assert (
        "violated"
        == {r.relation: r for r in mm.check_model(breaks, schema, budget=300, attack=0).results}[name].verdict
    )


@pytest.mark.parametrize("known", BY_ITSELF)
def test_what_applies_by_itself_is_kept_by_another(known):
    """A relation that needs no declaration is held by the model that keeps it, as are all others that apply."""
    name, schema, _, keeps = BY_ITSELF[known]
    verdicts = {found.relation: found.verdict for found in mm.check_model(keeps, schema, budget=300, attack=0).results}
    assert "held" == verdicts[name]
    assert {"held", "skipped"} >= set(verdicts.values())


def fair(table):
    return (table["race"] == "a").to_numpy() * (table["sex"] == "w").to_numpy() * 5.0


def by_name(table):
    return np.where(table["kind"].isin(["flat", "house"]), table["kind"] == "flat", 2.0) * 1.0


def filled(table):
    return table["age"].fillna(20.0).to_numpy()


def log_of_its_own(table):
    return np.log(area(table))


def bands(*edges):
    """Labels that change at each of the edges, back and forth."""
    return lambda t: np.array(["no", "yes"])[np.searchsorted(edges, area(t)) % 2]


def doubled(table):
    return table.assign(area=table["area"] * 2)


def clipped(table):
    return table.assign(area=table["area"].clip(10, 90))


AGES = HOUSES[["area", "age"]]
IMPUTER = SimpleImputer().fit(AGES)
ASKED = {
    "P2": (catalogue.group_fairness("race", "sex"), HOUSES, fair, area),
    "P3": (mm.increasing("area"), HOUSES, lambda t: -area(t), area),
    "P4": (
        mm.increasing("area", "rooms"),
        HOUSES,
        lambda t: area(t) - 50.0 * t["rooms"],
        lambda t: area(t) + t["rooms"],
    ),
    "P5": (
        catalogue.ordinal("area", classes=["bad", "fair", "good"]),
        NUMBERS,
        Grades(lambda t: rising(t)[:, ::-1]),
        Grades(rising),
    ),
    "P6": (catalogue.bounded("area", by=2.0, most=3.0), HOUSES, lambda t: 2 * area(t), area),
    "P7": (catalogue.plateau("area", beyond=100.0), HOUSES, area, lambda t: np.minimum(area(t), 100.0)),
    "P8": (catalogue.change_direction("area", by=20.0), HOUSES, lambda t: (area(t) - 100.0) ** 2, area),
    "P9": (
        catalogue.symmetric("left", "right"),
        HOUSES,
        lambda t: t["left"] * 2 + t["right"],
        lambda t: t["left"] + t["right"],
    ),
    "P10": (
        catalogue.antisymmetric("left", "right"),
        HOUSES,
        lambda t: 0.3 + 0.02 * (t["left"] - t["right"]),
        lambda t: 0.5 + 0.02 * (t["left"] - t["right"]),
    ),
    "P11": (
        catalogue.unit_change("length", 2.54, unit="unit", to="cm"),
        LENGTHS,
        lambda t: t["length"].to_numpy(),
        in_cm,
    ),
    "P12": (
        catalogue.redundant("area", lambda t: t.assign(log_area=np.log(t["area"])), dependants=["log_area"]),
        LOGGED,
        lambda t: t["log_area"].to_numpy(),
        log_of_its_own,
    ),
    "P13": (
        catalogue.noise_stability("area", size=1.0, rate=0.2),
        HOUSES,
        lambda t: np.floor(area(t)) % 2,
        lambda t: area(t) > 100,
    ),
    "P14": (catalogue.missing_in_range("age"), HOUSES, lambda t: t["age"].fillna(-999.0).to_numpy(), filled),
    "P15": (
        catalogue.unknown_level("kind", same_as="other"),
        HOUSES,
        lambda t: (t["kind"] == "metamorph-unseen").to_numpy() * 1.0,
        by_name,
    ),
    "P25": (
        catalogue.non_crossing(lambda model, t: np.outer(model(t), [0.9, 1.0, 1.1])),
        HOUSES,
        lambda t: area(t) - 100.0,
        area,
    ),
    "P26": (catalogue.additive("area", shares=[0.25, 0.75]), HOUSES, lambda t: area(t) ** 2, lambda t: 3 * area(t)),
    "P27": (mm.anchor({"area": 10.0}, {"area": 150.0}, low=5.0, high=160.0), HOUSES, lambda t: area(t) * 2, area),
    "P28": (catalogue.no_islands("area"), HOUSES, bands(40.0, 60.0), bands(60.0)),
    "P29": (mm.must_matter("area", 1.0, share=0.9), HOUSES, lambda t: (area(t) < 5) * 2.0, area),
    "L2": (catalogue.fit_then_transform(Skewed()), NUMBERS, area, None),
    "L4": (catalogue.inverts(Lossy().fit(NUMBERS)), NUMBERS, area, None),
    "L5": (
        catalogue.imputes_first(IMPUTER),
        AGES,
        lambda t: t["age"].fillna(-5.0).to_numpy(),
        make_pipeline(SimpleImputer(), LinearRegression()).fit(AGES, HOUSES["rooms"]),
    ),
    "L7": (catalogue.idempotent(doubled), NUMBERS, area, None),
    "L9": (
        catalogue.period("sold", pd.Timedelta(days=7)),
        HOUSES,
        lambda t: t["sold"].dt.day,
        lambda t: t["sold"].dt.day_of_week,
    ),
    "L11": (
        catalogue.same_as(area, rate=0.1),
        HOUSES,
        lambda t: area(t) + (t["rooms"] == 3),
        lambda t: area(t) + (t["id"] == 3),
    ),
    "L12": (catalogue.attributed(lambda _, t: np.ones(t.shape)), NUMBERS, area, None),
}
KEPT = {
    "L2": catalogue.fit_then_transform(StandardScaler()),
    "L4": catalogue.inverts(StandardScaler().fit(NUMBERS)),
    "L7": catalogue.idempotent(clipped),
    "L12": catalogue.attributed(lambda _, t: np.column_stack([t["area"], t["rooms"] * 0, t["left"] * 0])),
}


@pytest.mark.parametrize("known", ASKED)
def test_what_is_asked_for_is_broken_by_one_model(known):
    """A relation that a user declares is violated by the model that breaks it."""
    relation, schema, breaks, _ = ASKED[known]
    assert "violated" == mm.check(breaks, relation, schema, budget=400, attack=0).results[0].verdict


@pytest.mark.parametrize("known", ASKED)
def test_what_is_asked_for_is_kept_by_another(known):
    """A relation that a user declares is held by the model (or the transformer) that keeps it."""
    relation, schema, breaks, keeps = ASKED[known]
    assert (
        "held" == mm.check(keeps or breaks, KEPT.get(known, relation), schema, budget=400, attack=0).results[0].verdict
    )


def test_a_level_never_seen_is_no_crash():
    """A model that raises on a level never seen is broken, with the row that shows it."""

    def model(t):
        return t["kind"].map({"flat": 1.0, "house": 2.0, "other": 3.0}.__getitem__).to_numpy()

    found = mm.check(model, catalogue.unknown_level("kind", same_as="other"), HOUSES, budget=100, attack=0).results[0]
    assert ("broken", "model", "metamorph-unseen") == (
        found.verdict,
        found.evidence.about,
        found.evidence.row["kind"],
    )


def test_rows_without_a_hole_say_nothing_of_an_imputer():
    """Imputing first is about rows with a hole: those alone are counted, and without any nothing was tested."""
    model = make_pipeline(SimpleImputer(), LinearRegression()).fit(AGES, HOUSES["rooms"])
    found = mm.check(model, catalogue.imputes_first(IMPUTER), AGES, budget=100, attack=0).results[0]
    assert ("held", AGES["age"].isna().sum()) == (found.verdict, found.distinct)
    whole = AGES.fillna(3.0)
    found = mm.check(model, catalogue.imputes_first(IMPUTER), whole, budget=100, attack=0).results[0]
    assert ("broken", "relation", 0) == (found.verdict, found.evidence.about, found.cases)
    assert "Nothing was tested" in found.evidence.message
    assert "where the change cannot be made" in found.evidence.message


def test_the_whole_prediction_level_is_here():
    """No entry of the catalogue is without a model that breaks it, but for those that another one asks."""
    elsewhere = {"L1", "L3", "L6", "L10", "D3"}  # each says which relation asks it; D3 breaks no model's answers
    mine = {entry.id for entry in registry.entries() if re.fullmatch(r"[PLD]\d+", entry.id)}
    assert mine - elsewhere == set(BY_ITSELF) | set(ASKED)


CALLS = [
    (entry.id, call) for entry in registry.entries() for call in re.findall(r"\b(?:mm|catalogue)\..*\)", entry.write)
]


@pytest.mark.parametrize("call", [call for _, call in CALLS], ids=[known for known, _ in CALLS])
def test_what_to_write_can_be_written(call):
    """What an entry tells a user to write calls a function that there is, with arguments that it takes."""
    name, _, arguments = call.partition("(")
    function = operator.attrgetter(name.removeprefix("mm."))(mm)
    names = dict.fromkeys(re.findall(r"\w+", arguments)) | {"pd": pd, "bind": inspect.signature(function).bind}
    assert eval(f"bind({arguments}", names) is not None  # noqa: S307 - the text of our own catalogue


def test_islands_and_rows_are_shown():
    """Labels that change back along a column are shown as the pair at which they change back."""
    found = (
        mm.check(bands(40.0, 60.0), catalogue.no_islands("area"), HOUSES, budget=100, attack=0)
        .results[0]
        .counterexample
    )
    assert ("yes", "no") == (found.source_output, found.follow_up_output)
    assert found.source["area"] <= 60.0 < found.follow_up["area"]
    assert ("area",) == found.changed


def test_one_anchor_says_which_row_it_is():
    """Of several anchors the counterexample is the one that is off."""
    relation = mm.anchor({"area": 10.0}, {"area": 150.0}, high=100.0)
    found = mm.check(area, relation, HOUSES, attack=0).results[0]
    assert ("violated", 2, 1, 150.0) == (
        found.verdict,
        found.cases,
        found.violations,
        found.counterexample.source["area"],
    )


def test_an_anchor_of_a_label():
    """A stated row gets a stated label, or the relation is violated."""
    good = mm.anchor({"area": 200.0}, label="good")
    assert ["held", "violated"] == [
        mm.check(model, good, NUMBERS, attack=0).results[0].verdict
        for model in (Grades(rising), Grades(lambda t: rising(t)[:, ::-1]))
    ]


WRONG = {
    "an anchor of nothing": (lambda: mm.anchor(low=3), "rows"),
    "an anchor without an expectation": (lambda: mm.anchor({"area": 3.0}), "label or bounds"),
    "an anchor with both": (lambda: mm.anchor({"area": 3.0}, label="x", low=3), "label or bounds"),
    "an anchor that is no row": (lambda: mm.anchor(5, low=3), "rows as dicts"),
    "bounds the wrong way round": (lambda: mm.anchor({"area": 3.0}, low=3, high=2), "low=3"),
    "a share of nothing": (lambda: mm.must_matter("area", share=0), "share=0"),
    "a share as text": (lambda: mm.must_matter("area", share="most"), "share='most'"),
    "shares that do not add up": (lambda: catalogue.additive("area", shares=[0.5, 0.6]), "add up to 1"),
    "shares as text": (lambda: catalogue.additive("area", shares="ab"), "shares='ab'"),
    "a step that has no other side": (lambda: catalogue.change_direction("area", by="up"), "by='up'"),
    "a rate above one": (lambda: catalogue.noise_stability("area", size=1, rate=2), "rate=2"),
    "no factor": (lambda: catalogue.unit_change("area", 0, unit="kind", to="flat"), "by=0"),
}


@pytest.mark.parametrize(("make", "said"), WRONG.values(), ids=list(WRONG))
def test_wrong_arguments(make, said):
    """An argument that cannot be is a RelationError in one to three lines that names it."""
    with pytest.raises(mm.RelationError) as refused:
        make()
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


@pytest.mark.parametrize("row", [{"area": "big"}, {"kind": "castle"}, {"aera": 3.0}])
def test_an_anchor_that_the_schema_cannot_hold(row):
    """A stated row that is none of the schema is an error before the model is asked."""
    asked = []
    with pytest.raises(mm.RelationError, match=next(iter(row))):
        mm.check(asked.append, [mm.increasing("area"), mm.anchor(row, low=3)], HOUSES, attack=0)
    assert [] == asked


def test_an_explanation_of_one_row_says_nothing():
    """A single row cannot show whether a column matters: an explanation is not blamed for it."""
    relation = catalogue.attributed(lambda _, t: np.ones(t.shape))
    assert (
        "held"
        == mm.check(lambda t: t["area"] + t["rooms"] + t["left"], relation, NUMBERS, budget=1, attack=0)
        .results[0]
        .verdict
    )


@pytest.mark.parametrize("transformer", [PCA(2), StandardScaler(), KBinsDiscretizer(3, strategy="uniform")])
def test_a_transformer_that_cannot_be_fitted_on_one_row(transformer):
    """Fitting is about a table: that a single row is too few for it is nobody's fault."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of constant columns, where one row is all there is
        found = mm.check(area, catalogue.fit_then_transform(transformer), NUMBERS, budget=100, attack=0).results[0]
    assert ("held", 100) == (found.verdict, found.cases)


def test_a_transformer_that_can_never_be_fitted():
    """A transformer that fails on every table is broken."""
    found = mm.check(area, catalogue.fit_then_transform(PCA(99)), NUMBERS, budget=100, attack=0).results[0]
    assert ("broken", "model") == (found.verdict, found.evidence.about)


def test_negation_and_shift_are_expectations_of_the_same_change():
    """An output that must turn round, and one that must move on, are judged by the same kind of relation."""
    model = LinearRegression().fit(NUMBERS[["area"]], HOUSES["area"])
    moved = mm.Relation("on", transform=transforms.shift(["area"], 2.0), expect=expectations.shifted(2.0))
    turned = mm.Relation("round", transform=transforms.swap("left", "right"), expect=expectations.negated())
    assert "held" == mm.check(model, moved, HOUSES, budget=200, attack=0).results[0].verdict
    difference = lambda t: t["left"] - t["right"]  # noqa: E731 - a model of one line
    assert "held" == mm.check(difference, turned, HOUSES, budget=200, attack=0).results[0].verdict
