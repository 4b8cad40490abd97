"""The attack: what it spends, what it respects, what it changes of a result and what it never changes."""

import attrs
import numpy as np
import pandas as pd
import pytest

import metamorph as mm

N = 600
RNG = np.random.default_rng(3)
HOUSES = pd.DataFrame(
    {
        "area": RNG.integers(40, 400, N),
        "rooms": RNG.integers(1, 9, N),
        "tax": np.round(RNG.uniform(0.5, 6.5, N), 2),
        "view": RNG.random(N) < 0.3,
        "heating": pd.Categorical(RNG.choice(["gas", "oil", "pump", "wood"], N)),
        "built": np.where(RNG.random(N) < 0.1, np.nan, RNG.integers(1900, 2020, N)),
    }
)
SCHEMA = mm.Schema.from_frame(HOUSES)


def price(rows):
    return (1_000.0 * rows["area"] + 50 * rows["rooms"]).to_numpy()


def needle(rows):
    """A price that drops where no row of the data is: beyond area 398 with nine in ten taxes and much else excluded."""
    bug = (rows["area"] > 390) & (rows["rooms"] >= 7) & (rows["tax"] > 6.0)
    return price(rows) - 1e6 * bug.to_numpy()


def brittle(rows):
    """Prices, and an exception for what no row of PLAIN is."""
    if ((rows["area"] > 390) & (rows["tax"] > 6.3)).any():
        raise ValueError
    return price(rows)


PLAIN = mm.Schema.from_frame(HOUSES[(HOUSES["area"] <= 390) | (HOUSES["tax"] <= 6.3)])


class Counting:
    """A model that counts its calls and rows."""

    def __init__(self, model):
        self.model, self.calls, self.rows = model, 0, 0

    def predict(self, rows):
        self.calls, self.rows = self.calls + 1, self.rows + len(rows)
        return self.model(rows)


def check(model, relation, schema=SCHEMA, *, budget=300, **more):
    return mm.check(model, relation, schema, budget=budget, **more).results[0]


def test_a_needle_is_found_by_the_attack_alone():
    """What no case of the estimate shows is found by the attack: confirmed, reduced, and said to be its find."""
    result = check(needle, mm.increasing("area"), attack=6_000)
    assert ("violated", "attack", 0, 0.0) == (result.verdict, result.found_by, result.violations, result.rate)
    found = result.counterexample
    assert ({"area", "rooms", "tax"}, ("area",)) == (set(found.differs) | {"area"}, found.changed)


def test_without_an_attack_it_is_not():
    """attack=0 switches the search off, whatever could be found."""
    result = check(needle, mm.increasing("area"), attack=0)
    assert ("held", None, 0, 0) == (result.verdict, result.found_by, result.attack_calls, result.attack_rows)


@pytest.mark.parametrize("model", [price, needle], ids=["honest", "needle"])
@pytest.mark.parametrize("attack", [0, 1, 7, 200, 1_000, 5_000])
def test_no_more_is_asked_than_was_given(model, attack):
    """The attack asks about no more rows than ``attack`` says, in few calls, and every one of them is counted."""
    counting = Counting(model)
    result = check(counting, mm.increasing("area", "tax"), attack=attack)
    assert (counting.calls, counting.rows) == (result.calls, result.rows)
    confirming = 2 * 65  # of what is found, source and follow-up in two calls of a row, until one is confirmed
    assert (True, True) == (result.attack_rows <= attack + confirming, result.attack_calls <= 40 + confirming)


def test_by_default_it_asks_as_much_as_the_budget():
    """Without ``attack`` it is as many predictions as the budget has cases, and of those nearly all."""
    result = check(price, mm.increasing("area", "tax"), budget=2_000)
    assert 1_600 <= result.attack_rows <= 2_000


@pytest.mark.parametrize("attack", [-1, 1.5, True, "all"])
def test_what_is_no_number_of_predictions_is_refused(attack):
    """attack= is a whole number from 0."""
    with pytest.raises(mm.RelationError, match="attack >= 0 predictions"):
        check(price, mm.increasing("area"), attack=attack)


def test_the_worst_case_gets_worse_and_the_rate_stays():
    """Where the estimate found violations, the attack adds a worse one, and the estimate's numbers are as before."""

    def falling(rows):
        return -rows["area"].to_numpy() * (1.0 + rows["rooms"] * rows["tax"]).to_numpy()

    without, with_it = (check(falling, mm.increasing("area"), attack=attack) for attack in (0, 4_000))
    assert without.worst.margin < with_it.worst.margin
    numbers = [
        (one.found_by, one.cases, one.violations, one.rate, one.interval, one.drawn) for one in (without, with_it)
    ]
    assert numbers[0] == numbers[1]


def test_it_finds_the_worst_of_a_smooth_model():
    """The worst case of a product of columns is a corner, and the ascent ends there."""

    def falling(rows):
        return -rows["area"].to_numpy() * (1.0 + rows["rooms"] * rows["tax"]).to_numpy()

    low, high = HOUSES.min(numeric_only=True), HOUSES.max(numeric_only=True)
    largest = (high["area"] - low["area"]) * (1 + high["rooms"] * high["tax"])
    result = check(falling, mm.increasing("area"), attack=4_000)
    assert largest == pytest.approx(result.worst.amount, rel=1e-6)


def test_a_rate_that_is_allowed_decides():
    """With .allow the rate decides: the attack adds the worst case and changes nothing else."""

    def rarely(rows):
        return price(rows) - 1e6 * (rows["area"] > 395).to_numpy() - rows["tax"].to_numpy()

    relation = mm.increasing("area").allow(0.3)
    without, with_it = (check(rarely, relation, attack=attack) for attack in (0, 3_000))
    assert ("held", "held") == (without.verdict, with_it.verdict)
    assert without.interval == with_it.interval
    assert without.worst.margin <= with_it.worst.margin


def test_labels_are_climbed_by_the_scores_behind_them():
    """A label that falls in a sliver is found by the probabilities: hardly any pair shows it."""

    class Sliver:
        classes_ = np.array([0, 1])

        def predict_proba(self, rows):
            far = rows["area"] / 400 + rows["rooms"] / 8 + rows["tax"] / 6.5 - 2.4
            chance = 1 / (1 + np.exp(-(40 * far - 3.0 * (rows["area"] > 250) * (rows["rooms"] > 6)).to_numpy()))
            return np.column_stack([1 - chance, chance])

        def predict(self, rows):
            return (self.predict_proba(rows)[:, 1] > 0.5).astype(int)

    relation = mm.increasing("area").on("label")
    found = [check(Sliver(), relation, seed=seed, budget=100, attack=10_000).verdict for seed in range(3)]
    assert ["violated"] * 3 == found  # in 20 of 20 seeds; of as many random pairs in none


def test_a_tuned_threshold_is_climbed_to():
    """Of a label that is not the class of the larger probability, the threshold is read off and climbed to."""

    class Tuned:
        classes_ = np.array(["no", "yes"])

        def predict_proba(self, rows):
            chance = 1 / (1 + np.exp(-(rows["area"] - 200) / 100.0 - 0.01 * rows["view"])).to_numpy()
            return np.column_stack([1 - chance, chance])

        def predict(self, rows):
            return np.where(self.predict_proba(rows)[:, 1] > 0.86, "yes", "no")

    found = [check(Tuned(), mm.invariant("view"), seed=seed, budget=100, attack=4_000).verdict for seed in range(4)]
    assert found.count("violated") >= 2  # in 15 of 20 seeds; of as many random pairs in none


def test_an_honest_classifier_is_not_accused():
    """Monotone labels are searched in vain, ties and all."""

    class Monotone:
        classes_ = np.array([1, 2, 3])

        def predict_proba(self, rows):
            far = (rows["area"] / 40 + rows["tax"] * rows["view"]).to_numpy()
            low, high = 1 / (1 + np.exp(far - 4)), 1 / (1 + np.exp(7 - far))
            return np.column_stack([low, 1 - low - high, high])

        def predict(self, rows):
            return self.classes_[self.predict_proba(rows).argmax(axis=1)]

    result = check(Monotone(), mm.increasing("area", "tax").on("label"), attack=6_000)
    assert ("held", True) == (result.verdict, result.attack_rows > 0)


def test_a_batch_relation_is_not_attacked():
    """Relations about batches have no cases to move a field of."""
    relation = mm.Relation("order", transform=mm.transforms.permuted_rows(), expect=mm.expectations.permuted_alike())
    result = check(price, relation, attack=3_000)
    assert (0, "held") == (result.attack_rows, result.verdict)


@pytest.mark.parametrize(
    "relation",
    [
        mm.Relation("scaled", transform=mm.transforms.scale(["area"], by=2.0), expect=mm.expectations.not_lower()),
        mm.Relation("noise", transform=mm.transforms.noise(["tax"], size=0.3), expect=mm.expectations.unchanged(1e3)),
        mm.Relation(
            "own",
            transform=lambda rows: rows.assign(area=rows["area"] + 1),
            touches=["area"],
            expect=mm.expectations.not_lower(),
        ),
        mm.Relation("set", transform=mm.transforms.set_to(["rooms"], to=8), expect=mm.expectations.unchanged(1e3)),
    ],
    ids=["scale", "noise", "own", "set"],
)
def test_other_changes_are_attacked_by_their_sources(relation):
    """Whatever a relation changes, its sources are climbed, and an honest model stays unaccused."""
    result = check(price, relation, attack=2_000)
    assert ("held", True) == (result.verdict, 0 < result.attack_rows <= 2_000)


def test_the_same_seed_gives_the_same_attack():
    """Two runs with one seed are equal in all but their times."""
    runs = [attrs.evolve(check(needle, mm.increasing("area"), attack=3_000, seed=4), seconds=0.0) for _ in range(2)]
    assert runs[0] == runs[1]


def test_a_row_that_only_the_attack_comes_upon_breaks():
    """A model that raises on a row of the schema is broken, with the row, and what the estimate counted stays."""
    result = check(brittle, mm.increasing("rooms"), PLAIN, attack=3_000)
    assert ("broken", "model", 300) == (result.verdict, result.evidence.about, result.cases)
    assert (True, True) == (result.evidence.row["area"] > 390, result.evidence.row["tax"] > 6.3)


def test_what_was_found_before_stands_where_the_attack_breaks():
    """A violation of the estimate is reported, and beside it the row that only the attack came upon."""
    result = check(lambda rows: -brittle(rows), mm.increasing("rooms"), PLAIN, attack=3_000)
    assert ("violated", "estimate", "model") == (result.verdict, result.found_by, result.evidence.about)


def test_a_refusal_that_is_allowed_ends_the_attack():
    """A model that may refuse rows is asked until it does."""
    relation = mm.Relation(
        "rooms", transform=mm.transforms.step(["rooms"]), expect=mm.expectations.not_lower(), raises_ok=(ValueError,)
    )
    assert "held" == check(brittle, relation, PLAIN, attack=3_000).verdict


def test_time_is_up_for_the_attack_as_well():
    """A limit of time stops the attack between calls, and what was estimated stands."""
    result = check(price, mm.increasing("area"), attack=10**9, seconds=0.3)
    assert ("held", 300) == (result.verdict, result.cases)


def test_an_interrupt_stops_it():
    """Ctrl-C within the attack stops the check."""

    class Interrupted(Counting):
        def predict(self, rows):
            if self.rows > 800:
                raise KeyboardInterrupt
            return super().predict(rows)

    with pytest.raises(KeyboardInterrupt):
        check(Interrupted(price), mm.increasing("area"), attack=3_000)


def test_a_model_that_flickers_in_batches_is_not_accused_of_more():
    """What is found in a batch and vanishes alone by rounding is no violation."""

    def dusty(rows):
        return price(rows) * (1 + 1e-12 * (len(rows) % 7))

    assert "held" == check(dusty, mm.increasing("area"), attack=3_000).verdict
