"""The registry: what is registered, what applies to a schema and a model, and what goes wrong on the way."""

import sys
import types

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner
from rich.cells import cell_len
from sklearn.base import clone
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

import metamorph as mm
from metamorph import registry
from metamorph.catalogue.declared import class_count, constraints, final_step
from metamorph.cli import main

N = 80
PLACE = np.arange(N)
FRAME = pd.DataFrame(
    {
        "area": PLACE * 37 % 101 * 1.0,
        "age": PLACE * 13 % 29 * 1.0,
        "rooms": PLACE * 7 % 5 + 1,
    }
)
SCHEMA = mm.Schema.from_frame(FRAME)
PRICE = FRAME["area"] - FRAME["age"]
DEAR = np.where(PRICE > 40, "yes", "no")


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    """A registry in which nothing is registered yet."""
    monkeypatch.setattr(registry, "_registered", {})
    monkeypatch.setattr(registry, "_loaded", set())


def ids(model, schema=SCHEMA, **more):
    return [relation.id for relation in registry.applicable(schema, model, **more)]


def price(t):
    return t["area"] - t["age"]


def test_a_relation_is_registered_by_a_decorator():
    """What is registered applies with the catalogue, under its group; the function stays what it was."""

    @registry.register("dearer", group="houses", statement="More costs more.")
    def dearer(schema, model):
        """Build it."""
        return [mm.increasing(name) for name in schema.columns if name == "area" and callable(model)]

    assert ["increasing[area]"] == [relation.id for relation in dearer(SCHEMA, price)] == ids(price, group="houses")
    assert "increasing[area]" in ids(price)
    entry = registry.in_groups("houses")[0]
    assert ("dearer", "houses", "More costs more.") == (entry.id, entry.group, entry.statement)
    report = mm.check_model(price, SCHEMA, group="houses", budget=50, attack=0)
    assert [("increasing[area]", "held")] == [(one.relation, one.verdict) for one in report.results]


def test_a_statement_is_the_docstring_by_default():
    """Without a statement the first line of the docstring is one, else the name; the group is the user's own."""

    @registry.register("told")
    def told(_schema, _model):
        """What it says.

        And more.
        """
        return ()

    registry.register("untold")(lambda schema, model: [])  # noqa: ARG005 - the arguments of a builder
    said = [(entry.statement, entry.group) for entry in registry.entries()[-2:]]
    assert [("What it says.", "own"), ("untold", "own")] == said


def build(sign):
    """Builders of one module and qualified name, as a module that is loaded again makes them."""

    def make(schema, model):  # noqa: ARG001 - the arguments of a builder
        return mm.increasing("area") if sign > 0 else mm.decreasing("area")

    return make


def test_the_same_function_replaces_itself():
    """The same module and qualified name again replaces what was registered: a module may be loaded twice."""
    registry.register("x")(build(1))
    registry.register("x")(build(-1))
    assert ["decreasing[area]"] == ids(price, group="own")


@pytest.mark.parametrize("name", ["x", "P17", "row order"])
def test_another_function_of_that_name_is_an_error(name):
    """A name that another one has, registered or of the catalogue, by id or in words, is an error that says so."""
    registry.register("x")(build(1))

    def other(schema, model):  # noqa: ARG001 - the arguments of a builder
        return ()

    with pytest.raises(mm.RelationError, match=f"'{name}' already"):
        registry.register(name)(other)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: registry.register(""), "name=''"),
        (lambda: registry.register(3), "name=3"),
        (lambda: registry.register("x", group=""), "group=''"),
        (lambda: registry.register("x")(3), "make=3"),
        (lambda: registry.in_groups("batsh"), "did you mean 'batch'"),
        (lambda: registry.in_groups(["batch", "none"]), "'none'"),
        (lambda: registry.in_groups(3), "group=3"),
        (lambda: mm.check_model(price, SCHEMA, group="nowhere", attack=0), "known are"),
    ],
)
def test_wrong_arguments(make, said):
    """What cannot be registered, and a group that there is not, are errors that say what there is."""
    with pytest.raises(mm.RelationError) as refused:
        make()
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3


def _exit(_schema, _model):
    raise SystemExit(3)


def _late(_schema, _model):
    yield mm.increasing("area")
    raise KeyError


RAISING = {
    "raises": (lambda schema, _: schema.columns["nowhere"], "KeyError"),
    "raises late": (_late, "KeyError"),
    "exits": (_exit, "SystemExit"),
    "refuses": (lambda *_: [mm.increasing()], "at least one column"),
    "gives nothing": (lambda *_: None, "gave None"),
    "gives text": (lambda *_: ["area"], "gave 'area'"),
    "takes no model": (lambda _: [], "TypeError"),
}


@pytest.mark.parametrize(("make", "said"), RAISING.values(), ids=list(RAISING))
def test_a_relation_that_raises_while_it_is_built(make, said):
    """A builder that raises, or gives no relations, is an error in three lines that names it."""
    registry.register("mine", group="houses")(make)
    with pytest.raises(mm.RelationError) as refused:
        mm.check_model(price, SCHEMA, attack=0)
    assert "'mine'" in str(refused.value)
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 3
    assert ids(price, group="batch")  # the others can be asked for


class Point:
    """An entry point of another package."""

    def __init__(self, name, load):
        self.name, self.value, self.load = name, f"package:{name}", load


def offering(monkeypatch, *points):
    offered = {"metamorph.relations": points}
    monkeypatch.setattr(registry.importlib.metadata, "entry_points", lambda *, group: offered.get(group, ()))


def test_relations_of_another_package(tmp_path, monkeypatch):
    """A package offers relations as an entry point: a builder, or a module that registers them itself."""
    (tmp_path / "offered.py").write_text(
        "import metamorph as mm\n\n\n"
        "def builder(schema, model):\n"
        '    """Area counts."""\n'
        '    return [mm.increasing("area")]\n\n\n'
        '@mm.registry.register("by itself", group="theirs")\n'
        "def itself(schema, model):\n"
        '    return [mm.decreasing("age")]\n',
        encoding="utf-8",
    )
    info = tmp_path / "offered-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: offered\nVersion: 1.0\n", encoding="utf-8")
    points = "[metamorph.relations]\nareas = offered:builder\nwhole = offered\n"
    (info / "entry_points.txt").write_text(points, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        assert ["increasing[area]"] == ids(price, group="packages")
        assert ["decreasing[age]"] == ids(price, group="theirs")
        assert {"areas", "by itself"} <= {entry.id for entry in registry.entries()}
    finally:
        sys.modules.pop("offered", None)


def test_a_package_is_loaded_once(monkeypatch):
    """An entry point is loaded once, however often the registry is read."""
    loaded = []
    offering(monkeypatch, Point("theirs", lambda: loaded.append(1) or build(1)))
    assert ["increasing[area]"] == ids(price, group="packages") == ids(price, group="packages")
    assert [1] == loaded


@pytest.mark.parametrize("error", [ImportError("no such thing"), SystemExit(1), ValueError("bad")])
def test_a_package_that_cannot_be_loaded(monkeypatch, error):
    """An entry point that cannot be loaded is an error that names the package, now and the next time."""

    def load():
        raise error

    offering(monkeypatch, Point("theirs", load))
    for _ in range(2):
        with pytest.raises(mm.RelationError, match=r"'theirs'.*package:theirs"):
            registry.entries()


def test_a_name_that_a_package_shares_with_the_catalogue(monkeypatch):
    """A package cannot take a name of the catalogue, and is told so each time."""
    offering(monkeypatch, Point("P17", lambda: build(1)))
    for _ in range(2):
        with pytest.raises(mm.RelationError, match="'P17' already"):
            registry.entries()


def test_what_applies_by_itself():
    """Batches and representations apply to every model; the rest reads roles, kinds, tags and classes."""
    everyone = [
        "asked alone or in a batch",
        "rows in another order",
        "half of the rows",
        "every row twice",
        "asked twice",
        "another row index",
    ]
    assert set(everyone) == set(ids(price))
    regressor = LinearRegression().fit(FRAME, PRICE)
    of_names = {"columns in another order", "one column more", "saved and loaded"}
    of_arrays = {"an array in C order", "an array in Fortran order"}
    of_types = {"whole numbers as floats", "whole numbers in 32 bits", "numbers of nullable types"}
    of_models = {"asked after other rows", "answered everywhere"}
    assert {*everyone, *of_names, *of_arrays, *of_types, *of_models} == set(ids(regressor))
    classifier = LogisticRegression().fit(FRAME, DEAR)
    assert {"coherent probabilities", "coherent everywhere"} == set(ids(classifier)) - set(ids(regressor))
    assert of_arrays <= set(ids(regressor, mm.Schema.from_frame(FRAME.assign(kind="a"))))
    assert not of_names - {"saved and loaded"} & set(ids(LinearRegression().fit(FRAME.to_numpy(), PRICE)))


def test_roles():
    """Protected columns may not matter, each and together; identifiers may not either; derived ones are left out."""
    schema = SCHEMA.with_roles(protected=["age", "rooms"], identifier=["area"])
    assert ["invariant[age]", "invariant[rooms]", "invariant[age,rooms]", "invariant[area]"] == ids(
        price, schema, group="fairness"
    )
    derived = SCHEMA.derive(old=lambda t: t["age"] > 20).with_roles(protected=["old"])
    assert [] == ids(price, derived, group="fairness")


def test_two_relations_of_one_id():
    """Relations of one id are an error that names both entries and says .named; the same relation twice is one."""
    schema = SCHEMA.with_roles(protected=["age"], identifier=["age"])
    assert ["invariant[age]"] == ids(price, schema, group="fairness")

    @registry.register("blind", group="fairness")
    def blind(schema, model):  # noqa: ARG001 - the arguments of a builder
        return mm.invariant("age")

    assert ["invariant[age]"] == ids(price, schema, group="fairness")

    @registry.register("nearly blind", group="houses")
    def nearly(schema, model):  # noqa: ARG001 - the arguments of a builder
        return mm.invariant("age", tolerance=3.0)

    with pytest.raises(mm.RelationError) as refused:
        mm.check_model(price, schema, attack=0)
    for said in ("'invariance'", "'nearly blind'", "invariant[age]", ".named("):
        assert said in str(refused.value)
    assert 3 >= len(str(refused.value).splitlines())
    assert ["invariant[age]"] == ids(price, schema, group="houses")


def test_a_frame_stands_for_its_schema():
    """A frame may stand for the schema, in `applicable` as in `check_model`."""
    assert ids(price) == ids(price, FRAME)
    assert "held" == mm.check_model(price, FRAME, budget=50, attack=0).results[0].verdict


def test_groups():
    """Groups are listed in their order, and what they hold together is everything."""
    assert "batch" in registry.groups()
    assert len(registry.entries()) == sum(len(registry.in_groups(group)) for group in registry.groups())
    both = [*ids(price, group="batch"), *ids(price, group="representation")]
    assert both == ids(price, group=["batch", "representation"])


def test_a_group_in_which_nothing_applies():
    """Where nothing applies the report is empty, passes, and says so."""
    report = mm.check_model(price, SCHEMA, group="declared", attack=0)
    assert ((), True) == (report.results, report.passed)
    assert "No relation of the registry applies." in str(report)


FOREST = RandomForestRegressor(3, random_state=0, monotonic_cst=[1, -1, 0])
TRAINED = {
    "HistGradientBoosting, a dict": HistGradientBoostingRegressor(max_iter=3, monotonic_cst={"area": 1, "age": -1}),
    "HistGradientBoosting, an array": HistGradientBoostingRegressor(max_iter=3, monotonic_cst=[1, -1, 0]),
    "a forest": FOREST,
    "in a search": GridSearchCV(FOREST, {"max_depth": [2]}, cv=2),
    "the only step": make_pipeline(FOREST),
    "the only step, in a search": GridSearchCV(make_pipeline(FOREST), {"randomforestregressor__max_depth": [2]}, cv=2),
}


@pytest.mark.parametrize("name", TRAINED)
def test_declared_constraints_become_relations(name):
    """Constraints that a model was fitted with become relations by themselves, and hold of it."""
    model = clone(TRAINED[name]).fit(FRAME, PRICE)
    assert {"area": 1, "age": -1} == constraints(model)
    assert ["increasing[area]", "decreasing[age]"] == ids(model, group="declared")
    assert ["held", "held"] == [
        one.verdict for one in mm.check_model(model, FRAME, group="declared", budget=100, attack=0).results
    ]


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(3, random_state=0, monotonic_cst=[1, -1, 0]),
        HistGradientBoostingClassifier(max_iter=3, monotonic_cst={"area": 1, "age": -1}),
    ],
    ids=["a forest", "HistGradientBoosting"],
)
def test_constraints_of_a_classifier(model):
    """A constrained classifier of two classes is asked for the probability of the second."""
    report = mm.check_model(model.fit(FRAME, DEAR), FRAME, group="declared", budget=100, attack=0)
    assert [("increasing[area]", "held"), ("decreasing[age]", "held")] == [
        (one.relation, one.verdict) for one in report.results
    ]
    assert {"probability of 'yes'"} == {one.output for one in report.results}


def test_a_model_fitted_on_an_array():
    """A model that knows no names is constrained in the schema's columns, in their order."""
    model = RandomForestRegressor(3, random_state=0, monotonic_cst=[1, -1, 0]).fit(FRAME.to_numpy(), PRICE)
    assert ["increasing[area]", "decreasing[age]"] == ids(model, group="declared")


def flipped(table):
    return -table


def test_a_step_before_may_turn_a_column_round():
    """Of a pipeline of several steps nothing is declared, also where a search is around it."""
    forest = RandomForestRegressor(2, random_state=0, monotonic_cst=[1, -1, 0])
    pipeline = make_pipeline(FunctionTransformer(flipped), forest)
    search = GridSearchCV(pipeline, {"randomforestregressor__max_depth": [2]}, cv=2)
    longer = make_pipeline(StandardScaler(), pipeline)
    for model in (pipeline.fit(FRAME, PRICE), search.fit(FRAME, PRICE), longer.fit(FRAME, PRICE)):
        assert ({}, []) == (constraints(model), ids(model, group="declared"))


def booster(module, given, names=("area", "age", "rooms"), parameter="monotone_constraints", **more):
    """A stand-in of another package: its module is theirs, and it says what it was given."""
    methods = {"get_params": lambda _: {parameter: given}, "predict": lambda _, t: np.zeros(len(t))}
    kind = type("Booster", (), {"__module__": module, **methods})
    model = kind()
    if names is not None:
        model.feature_names_in_ = np.array(names, dtype=object)
    for name, value in more.items():
        setattr(model, name, value)
    return model


BOTH = {"area": 1, "age": -1}
BOOSTERS = {
    "LightGBM, a list": (booster("lightgbm.sklearn", [1, -1, 0]), BOTH),
    "LightGBM, none": (booster("lightgbm.sklearn", None), {}),
    "LightGBM, scikit-learn's word": (booster("lightgbm.sklearn", [1, -1, 0], parameter="monotonic_cst"), BOTH),
    "XGBoost, a tuple": (booster("xgboost.sklearn", (1, -1, 0)), BOTH),
    "XGBoost, a text": (booster("xgboost.sklearn", "(1, -1, 0)"), BOTH),
    "XGBoost, a dict": (booster("xgboost.sklearn", BOTH), BOTH),
    "CatBoost, a list": (booster("catboost.core", [1, -1, 0]), BOTH),
    "CatBoost, a text of names": (booster("catboost.core", "area:1,age:-1"), BOTH),
    "CatBoost, places": (booster("catboost.core", {0: 1, 1: -1}), BOTH),
    "CatBoost, a text of places": (booster("catboost.core", "0:1,1:-1"), BOTH),
    "an array": (booster("xgboost.sklearn", np.array([1, -1, 0])), BOTH),
    "a text that says nothing": (booster("xgboost.sklearn", "auto"), {}),
    "zeros": (booster("lightgbm.sklearn", [0, 0, 0]), {}),
    "another package": (booster("elsewhere.models", [1, -1, 0]), {}),
    "no names": (booster("lightgbm.sklearn", [1, -1, 0], None), {}),
    "a number of columns": (booster("lightgbm.sklearn", [1, -1, 0], None, n_features_in_=3), BOTH),
    "unknown columns": (booster("xgboost.sklearn", {"area": 1, "nowhere": 1}), {"area": 1, "nowhere": 1}),
}


@pytest.mark.parametrize(("model", "expected"), BOOSTERS.values(), ids=list(BOOSTERS))
def test_constraints_of_the_boosters(model, expected):
    """The boosters' own ways to write constraints are read; what says nothing gives none."""
    assert expected == constraints(model, SCHEMA.names)
    known = {name: sign for name, sign in expected.items() if name in FRAME}
    asked = [f"{'increasing' if sign > 0 else 'decreasing'}[{name}]" for name, sign in known.items()]
    assert asked == ids(model, group="declared")


def test_constraints_of_several_classes():
    """A direction of more than two classes has to name one, so nothing is asked by itself."""
    model = booster("lightgbm.sklearn", [1, -1, 0], classes_=np.array(["a", "b", "c"]))
    assert [] == ids(model, group="declared")


def test_constraints_of_unordered_columns():
    """A constraint on a column without order, or one that the schema lacks, gives no relation."""
    frame = FRAME.assign(rooms=np.where(FRAME["rooms"] > 2, "many", "few"))
    assert ["increasing[area]"] == ids(
        booster("xgboost.sklearn", {"area": 1, "rooms": 1, "x": 1}), frame, group="declared"
    )


def test_an_object_that_has_every_attribute():
    """A model that has whatever it is asked for is looked into so far and no further."""

    class Endless:
        def __getattr__(self, name):
            if name.startswith("__"):
                raise AttributeError(name)
            return Endless()

        def __len__(self):
            return 2

    assert isinstance(final_step(Endless()), Endless)
    assert class_count(types.SimpleNamespace(classes_=[np.array([0, 1]), np.array([0, 1, 2])])) == 0


def test_what_is_known_not_to_hold_is_skipped():
    """What a class of models is known to break is skipped, with the reason, and the report passes."""
    model = LogisticRegression().fit(FRAME, DEAR)
    assert "coherent probabilities" in [
        one.relation for one in mm.check_model(model, FRAME, budget=50, attack=0).results
    ]

    class FixedThresholdClassifier(LogisticRegression):
        pass

    report = mm.check_model(FixedThresholdClassifier().fit(FRAME, DEAR), FRAME, group="coherence", budget=50, attack=0)
    [found] = [one for one in report.results if one.verdict == "skipped"]
    assert ("probability coherence", "skipped", True) == (found.relation, found.verdict, report.passed)
    assert "FixedThresholdClassifier" in found.evidence.message
    assert registry.found(SCHEMA, SVC().fit(FRAME, DEAR), group="coherence").left_out == ()


def test_a_booster_that_takes_columns_by_place():
    """LightGBM mistakes columns in another order for one another in silence, which is known and skipped."""
    kind = type("LGBMRegressor", (), {"predict": lambda _, t: np.asarray(t)[:, 0]})
    model = kind()
    model.feature_names_in_ = np.array(FRAME.columns, dtype=object)
    found = {
        one.relation: one for one in mm.check_model(model, FRAME, group="representation", budget=50, attack=0).results
    }
    assert "skipped" == found["columns by name"].verdict
    assert "by their place" in found["columns by name"].evidence.message


def test_a_whole_report_of_a_model():
    """Every relation of a real model has a verdict, refusals are skipped, and the report survives JSON."""
    report = mm.check_model(
        make_pipeline(StandardScaler(), LinearRegression()).fit(FRAME, PRICE), FRAME, budget=100, attack=0
    )
    verdicts = {one.relation: one.verdict for one in report.results}
    assert {"held", "skipped"} >= set(verdicts.values())
    assert "skipped" == verdicts["columns in another order"]
    assert report == mm.Report.from_json(report.to_json())


@pytest.mark.parametrize("model", [LinearRegression, LinearRegression(), 3, "model", None], ids=repr)
def test_what_is_no_fitted_model(model):
    """A class, a model that is not fitted, and what is no model are errors or broken, never a traceback."""
    try:
        report = mm.check_model(model, FRAME, budget=50, attack=0)
    except mm.MetamorphError as refused:
        assert len(str(refused).splitlines()) <= 3  # noqa: PT017 - either is a clear outcome
    else:
        answered = [one for one in report.results if one.raised < one.cases or not one.cases]
        assert {"broken", "skipped"} >= {one.verdict for one in answered}
        assert not report.passed


def test_the_list_fits_a_terminal():
    """`metamorph list` prints ids, groups and one-line statements in 80 columns."""
    shown = CliRunner().invoke(main, ["list"])
    assert 0 == shown.exit_code
    assert [] == [line for line in shown.output.splitlines() if cell_len(line) > 80]
    words = " ".join(shown.output.split())
    for entry in registry.entries():
        assert f" {entry.id} " in f" {words} "
        assert entry.group in shown.output


def test_the_list_of_a_group():
    """`--group` lists one group; one that there is not is a usage error that names those there are."""
    registry.register("mine", group="houses", statement="Say [red]it[/red] \x1b[31m.")(build(1))
    shown = CliRunner().invoke(main, ["list", "--group", "houses"])
    assert (0, True, False) == (shown.exit_code, "mine" in shown.output, "P17" in shown.output)
    assert "\x1b" not in shown.output
    assert "[red]it[/red]" in shown.output
    wrong = CliRunner().invoke(main, ["list", "--group", "howses"])
    assert (2, True) == (wrong.exit_code, "did you mean 'houses'" in wrong.output)
