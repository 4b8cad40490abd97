"""A score is the number that an output rises with, and its error bounds what rounding does to it."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import (
    AdaBoostClassifier,
    BaggingClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.linear_model import Ridge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from metamorph.adapters import adapt
from metamorph.outputs import Output
from metamorph.whitebox.ensemble import LEAF, Ensemble, Split, Tree, Unreadable, decide
from metamorph.whitebox.links import link_of
from metamorph.whitebox.readers import read
from metamorph.whitebox.score import scored

FEW = {"n_estimators": 12, "random_state": 0}
CAT = {"iterations": 12, "thread_count": 1, "verbose": 0, "allow_writing_files": False, "random_seed": 0}
LINKS = {
    "identity": lambda value: value,
    "exp": np.exp,
    "sigmoid": lambda value: 1 / (1 + np.exp(-value)),
}
pytestmark = pytest.mark.filterwarnings("ignore:X does not have valid feature names")


def booster(library, kind, **settings):
    module = pytest.importorskip(library, reason="in the extra test-all alone")
    few = CAT if library == "catboost" else {"n_estimators": 12, "n_jobs": 1, "random_state": 0}
    return getattr(module, kind)(**few, **({"verbose": -1} if library == "lightgbm" else {}), **settings)


BOOSTERS = {
    "xgboost": ("XGBRegressor", "XGBClassifier"),
    "lightgbm": ("LGBMRegressor", "LGBMClassifier"),
    "catboost": ("CatBoostRegressor", "CatBoostClassifier"),
}
REGRESSORS = [
    lambda: DecisionTreeRegressor(random_state=0),
    lambda: RandomForestRegressor(**FEW),
    lambda: ExtraTreesRegressor(**FEW),
    lambda: GradientBoostingRegressor(**FEW),
    lambda: HistGradientBoostingRegressor(max_iter=12),
    lambda: HistGradientBoostingRegressor(loss="poisson", max_iter=12),
    *(lambda library=library, kinds=kinds: booster(library, kinds[0]) for library, kinds in BOOSTERS.items()),
    lambda: booster("xgboost", "XGBRegressor", objective="reg:gamma"),
    lambda: booster("lightgbm", "LGBMRegressor", objective="tweedie"),
    lambda: booster("lightgbm", "LGBMRegressor", boosting_type="rf", subsample=0.5, subsample_freq=1),
    lambda: booster("catboost", "CatBoostRegressor", loss_function="Poisson"),
]
BINARY = [
    lambda: DecisionTreeClassifier(max_depth=4),
    lambda: RandomForestClassifier(**FEW),
    lambda: BaggingClassifier(**FEW),
    lambda: GradientBoostingClassifier(**FEW),
    lambda: GradientBoostingClassifier(loss="exponential", **FEW),
    lambda: HistGradientBoostingClassifier(max_iter=12),
    lambda: AdaBoostClassifier(**FEW),
    *(lambda library=library, kinds=kinds: booster(library, kinds[1]) for library, kinds in BOOSTERS.items()),
    lambda: booster("lightgbm", "LGBMClassifier", sigmoid=0.7),
]


def exact(ensemble, score, rows):
    """The score of each row in rational numbers: base, leaves, weights and divisor with nothing rounded."""
    apart = [
        Ensemble(ensemble.features, ensemble.splits, (tree,), np.zeros(ensemble.outputs), cast=ensemble.cast)
        for tree in ensemble.trees
    ]
    leaves = np.stack(
        [np.broadcast_to(ensemble.base, (len(rows), ensemble.outputs)), *(decide(t, rows) for t in apart)]
    )
    weights = [Fraction(float(weight)) for weight in score.weights]
    return [
        sum(weight * sum(map(Fraction, row[:, k].tolist())) for k, weight in enumerate(weights))
        / Fraction(ensemble.divisor)
        for row in leaves.swapaxes(0, 1)
    ]


def answers(model, output, wants, rows):
    return np.asarray(adapt(model).read(output, wants).call(rows), dtype=np.float64).ravel()


def agrees(model, output, rows, wants="number"):
    ensemble = read(model)
    score = scored(model, ensemble, output, wants)
    numbers = np.array([float(number) for number in exact(ensemble, score, rows)])
    room = score.slope * score.error + score.rounding + 1e-15 * np.abs(numbers).max()
    assert np.abs(LINKS[score.link](numbers) - answers(model, output, wants, rows)).max() <= room
    return score


@pytest.mark.parametrize("make", REGRESSORS)
def test_a_prediction_is_the_link_of_the_score_within_its_bounds(make, rows, number):
    model = make().fit(rows, number)
    ensemble = read(model)
    score = scored(model, ensemble, Output(), "number")
    numbers = np.array([float(number) for number in exact(ensemble, score, rows[:100])])
    predicted = np.asarray(model.predict(rows[:100]), dtype=np.float64)
    room = score.slope * score.error + score.rounding + 1e-15 * np.abs(numbers).max()
    assert np.abs(LINKS[score.link](numbers) - predicted).max() <= room


@pytest.mark.parametrize("output", [Output(), Output("probability", 0), Output("expected", [1, 0])], ids=repr)
@pytest.mark.parametrize("make", BINARY)
def test_a_probability_is_the_link_of_the_score_within_its_bounds(make, output, rows, binary):
    agrees(make().fit(rows, binary), output, rows[:100])


@pytest.mark.parametrize("make", BINARY[:3])
def test_the_means_of_three_classes_have_probabilities_and_an_expected_class(make, rows, triple):
    model = make().fit(rows, triple)
    agrees(model, Output("probability", 2), rows[:100])
    score = agrees(model, Output("expected", [0, 1, 2]), rows[:100])
    np.testing.assert_array_equal([0, 1, 2], score.weights)


@pytest.mark.parametrize("make", BINARY[3:7])
def test_a_decision_function_is_the_score_itself(make, rows, binary):
    model = make().fit(rows, binary)
    if hasattr(model, "decision_function"):
        assert "identity" == agrees(model, Output("decision"), rows[:100]).link


@pytest.mark.parametrize("wants", ["any", "order"])
@pytest.mark.parametrize("make", BINARY)
def test_a_label_is_the_later_class_exactly_where_the_score_is_certainly_above_its_threshold(make, wants, rows, binary):
    model = make().fit(rows, binary)
    ensemble = read(model)
    score = scored(model, ensemble, Output("label"), wants)
    labels = np.asarray(model.predict(rows)).ravel()
    numbers = np.array([float(number) for number in exact(ensemble, score, rows)])
    above, below = numbers > score.threshold + score.error, numbers <= score.threshold - score.error
    assert (above | below).mean() > 0.9
    np.testing.assert_array_equal(1, labels[above])
    np.testing.assert_array_equal(0, labels[below])


@pytest.mark.parametrize(
    ("model", "winner"),
    [
        (DecisionTreeClassifier(), 0),  # the first of two equal shares
        (GradientBoostingClassifier(n_estimators=1), 1),  # from zero on
        (HistGradientBoostingClassifier(max_iter=1, min_samples_leaf=1), 0),  # above zero
    ],
    ids=repr,
)
def test_a_tie_falls_on_the_side_that_the_library_takes(model, winner):
    rows, labels = np.array([[0.0], [0.0], [1.0], [1.0]]), [0, 1, 0, 1]
    model.fit(rows, labels)
    ensemble = read(model)
    score = scored(model, ensemble, Output("label"), "any")
    tied = np.asarray(exact(ensemble, score, rows), dtype=np.float64)
    np.testing.assert_array_equal(winner, model.predict(rows))
    np.testing.assert_array_equal(winner, (tied > score.threshold).astype(int))


def test_a_tie_of_catboost_falls_on_the_first_class():
    model = booster("catboost", "CatBoostClassifier")
    rows = np.array([[0.0], [0.0], [1.0], [1.0]])
    model.fit(rows, [0, 1, 0, 1])
    score = scored(model, read(model), Output("label"), "any")
    assert 0.0 == score.threshold
    np.testing.assert_array_equal([0, 0, 0, 0], model.predict(rows))


def test_labels_of_xgboost_are_decided_in_single_precision_within_the_error(rows, binary):
    xgb = pytest.importorskip("xgboost", reason="in the extra test-all alone")
    model = booster("xgboost", "XGBClassifier").fit(rows, binary)
    score = scored(model, read(model), Output("label"), "any")
    near = np.concatenate([np.linspace(-1, 1, 401) * 3e-7, [1e-6, -1e-6]]).astype(np.float32)
    data = xgb.DMatrix(np.zeros((len(near), 4)), base_margin=near)
    trees_only = model.get_booster()[:1]
    margin = trees_only.predict(data, output_margin=True)
    shifted = xgb.DMatrix(np.zeros((len(near), 4)), base_margin=near - (margin[200] - near[200]))
    margin, share = trees_only.predict(shifted, output_margin=True), trees_only.predict(shifted)
    assert np.abs(margin).min() < 1e-7
    np.testing.assert_array_equal(1, share[margin > score.threshold + score.error] > 0.5)
    np.testing.assert_array_equal(0, share[margin <= score.threshold - score.error] > 0.5)


def test_falling_classes_turn_the_signs_of_an_ordered_label(rows, binary):
    model = GradientBoostingClassifier(**FEW).fit(rows, binary)
    ensemble = read(model)
    model.classes_ = np.array([5, 3])  # as of a library that keeps the order in which it was given them
    score = scored(model, ensemble, Output("label"), "order")
    numbers = np.array([float(number) for number in exact(ensemble, score, rows)])
    np.testing.assert_array_equal(model.predict(rows) == 5, numbers > score.threshold)


@pytest.mark.parametrize("make", [BINARY[3], *BINARY[5:]])
def test_three_classes_with_a_softmax_say_that_no_one_sum_decides(make, rows, triple):
    model = make().fit(rows, triple)
    with pytest.raises(Unreadable, match="3 classes, whose probabilities are no function of one sum"):
        scored(model, read(model), Output("probability", 2), "number")


def test_the_label_of_three_classes_says_that_no_one_sum_decides(rows, triple):
    model = RandomForestClassifier(**FEW).fit(rows, triple)
    with pytest.raises(Unreadable, match="the greatest of 3 sums"):
        scored(model, read(model), Output("label"), "any")


@pytest.mark.parametrize(
    ("library", "kind", "settings", "reason"),
    [
        ("xgboost", "XGBClassifier", {"objective": "binary:hinge"}, "objective='binary:hinge'"),
        ("xgboost", "XGBRegressor", {"objective": "survival:cox"}, "objective='survival:cox'"),
        ("lightgbm", "LGBMRegressor", {"reg_sqrt": True}, "objective='regression sqrt'"),
        ("lightgbm", "LGBMRegressor", {"objective": "cross_entropy_lambda"}, "objective='cross_entropy_lambda'"),
    ],
)
def test_an_objective_that_makes_something_else_of_its_sums_is_named(library, kind, settings, reason, rows, binary):
    model = booster(library, kind, **settings).fit(rows, binary)
    with pytest.raises(Unreadable, match=reason):
        scored(model, read(model), Output(), "number")


def test_objectives_of_ones_own_are_not_read(rows, number):
    def squares(target, predicted):
        return predicted - target, np.ones_like(target)

    for library in ("xgboost", "lightgbm"):
        model = booster(library, BOOSTERS[library][0], objective=squares).fit(rows, number)
        with pytest.raises(Unreadable, match="an objective of one's own"):
            scored(model, read(model), Output(), "number")


def test_a_probability_threshold_of_catboost_is_named(rows, binary):
    model = booster("catboost", "CatBoostClassifier").fit(rows, binary)
    model.set_probability_threshold(0.7)
    with pytest.raises(Unreadable, match="probability threshold of its own"):
        scored(model, read(model), Output("label"), "any")


def test_outputs_that_no_one_sum_stands_behind_are_named(rows, number, binary):
    model = RandomForestRegressor(**FEW).fit(rows, np.column_stack([number, number]))
    with pytest.raises(Unreadable, match="has 2 targets"):
        scored(model, read(model), Output(), "number")
    model = RandomForestRegressor(**FEW).fit(rows, number)
    with pytest.raises(Unreadable, match="function of RandomForestRegressor"):
        scored(model, read(model), Output("function", function=lambda m, frame: m.predict(frame)), "number")
    model = RandomForestClassifier(**FEW).fit(rows, binary)
    with pytest.raises(Unreadable, match="decision of RandomForestClassifier"):
        scored(model, read(model), Output("decision"), "number")
    with pytest.raises(Unreadable, match="Unrelated is of no library"):
        link_of(type("Unrelated", (), {})())


def test_a_single_tree_without_a_constant_has_no_error(rows, number, binary):
    tree = DecisionTreeRegressor().fit(rows, number)
    assert 0.0 == scored(tree, read(tree), Output(), "number").error
    tree = DecisionTreeClassifier().fit(rows, binary)
    assert 0.0 == scored(tree, read(tree), Output("label"), "any").error


leaf_values = st.floats(-1e6, 1e6, width=32) | st.sampled_from([1.0, -1.0, 2.0**24, -(2.0**24), 2.0**-120])


@given(
    st.lists(st.tuples(leaf_values, leaf_values), min_size=1, max_size=30),
    leaf_values,
    st.sampled_from([np.float32, np.float64]),
    st.sampled_from([1.0, 3.0, 30.0]),
    st.randoms(use_true_random=False),
)
def test_the_error_bounds_the_difference_from_the_exact_sum_in_any_order(leaves, base, dtype, divisor, random):
    stumps = [
        Tree(
            np.array([0, LEAF, LEAF]), np.array([1, LEAF, LEAF]), np.array([2, LEAF, LEAF]), np.array([[0.0], [a], [b]])
        )
        for a, b in leaves
    ]
    plain = Ensemble(1, (Split(0, 0.0),), tuple(stumps), np.array([base]), dtype=dtype, divisor=divisor)
    score = scored(Ridge(), plain, Output(), "number")  # any model whose prediction is its sum
    random.shuffle(stumps)
    shuffled = Ensemble(1, plain.splits, tuple(stumps), plain.base, dtype=dtype, divisor=divisor, base_last=True)
    rows = np.array([[-1.0], [1.0]])
    for ensemble in (plain, shuffled):
        computed = decide(ensemble, rows)[:, 0].tolist()
        for place, found in enumerate(computed):
            wanted = (Fraction(base) + sum(Fraction(pair[place]) for pair in leaves)) / Fraction(divisor)
            assert abs(Fraction(found) - wanted) <= Fraction(score.error)
    assert math.isfinite(score.error)
