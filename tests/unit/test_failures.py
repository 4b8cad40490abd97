"""The failure database: what is kept comes back whole, whatever happens to the folder, and no verdict hangs on it."""

import json
import os
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis.database import InMemoryExampleDatabase, MultiplexedDatabase, ReadOnlyDatabase

import metamorph as mm
from metamorph.failures import INDEX, Failure, Failures, everything, fingerprint, forget, opened
from tests.asking import run as check

PATHS = [path for path in sys.path if path]
PATIENCE = 120
HOUSES = pd.DataFrame({"area": np.arange(60) * 2.5 + 40, "rooms": np.arange(60) % 6 + 1})
SCHEMA = mm.Schema.from_frame(HOUSES)
BIGGER = mm.increasing("area")


def values(area):
    return {"area": area, "rooms": 3, "to[area]": area + 1}


def suite(database, place="suite.py"):
    return Failures(database, "suite", place)


def stored(folder):
    """Every entry of a folder, as bytes."""
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".gitignore"]


DATABASES = {
    "a folder": lambda tmp_path: opened(tmp_path / "failures"),
    "a folder in no folder": lambda tmp_path: opened(tmp_path / "no" / "such" / "failures"),
    "memory": lambda _: InMemoryExampleDatabase(),
    "two at once": lambda tmp_path: MultiplexedDatabase(InMemoryExampleDatabase(), opened(tmp_path / "failures")),
    "one that is only read": lambda tmp_path: MultiplexedDatabase(
        InMemoryExampleDatabase(), ReadOnlyDatabase(opened(tmp_path / "shared"))
    ),
}


@pytest.mark.parametrize("make", DATABASES.values(), ids=list(DATABASES))
def test_what_is_kept_comes_back(tmp_path, make):
    """Every backend gives back what was kept, lists it, and drops it."""
    database = make(tmp_path)
    failures = suite(database)
    commands = [failures.keep(BIGGER, SCHEMA, values(area)) for area in (41.0, 42.0)]
    kept = failures.recall(BIGGER)
    assert [values(41.0), values(42.0)] == sorted((dict(one.values) for one in kept), key=lambda one: one["area"])
    assert kept == everything(database)
    assert sorted(commands) == sorted(f"metamorph replay suite.py {one.id}" for one in kept)
    failures.forget(kept[0])
    assert kept[1:] == failures.recall(BIGGER) == everything(database)
    forget(database, kept[1])
    assert ([], []) == (failures.recall(BIGGER), list(database.fetch(INDEX)))


def test_kept_twice():
    """A case that fails again is kept once."""
    failures = suite(InMemoryExampleDatabase())
    assert 1 == len({failures.keep(BIGGER, SCHEMA, values(41.0)) for _ in range(3)})
    assert 1 == len(failures.recall(BIGGER))


def test_places_and_relations_are_apart():
    """What failed in one place, relation or check of a test is no failure of another."""
    database = InMemoryExampleDatabase()
    suite(database).keep(BIGGER, SCHEMA, values(41.0))
    others = (
        suite(database, "other.py").recall(BIGGER),
        suite(database).recall(mm.increasing("rooms")),
        Failures(database, "suite", "suite.py", turn=2).recall(BIGGER),
    )
    assert ([], [], []) == others


def test_a_rate_keeps_nothing():
    """Of a relation that allows a rate nothing is kept or recalled: one case settles nothing."""
    failures = suite(InMemoryExampleDatabase())
    assert failures.keep(BIGGER.allow(0.1), SCHEMA, values(41.0)) is None
    failures.keep(BIGGER, SCHEMA, values(41.0))
    assert ([], 1) == (failures.recall(BIGGER.allow(0.1)), len(failures.recall(BIGGER)))


def test_an_entry_is_json(tmp_path):
    """An entry is strict JSON with the fingerprint of its schema, and never a pickle."""
    suite(opened(tmp_path)).keep(BIGGER, SCHEMA, values(41.0))
    (entry,) = [json.loads(entry) for entry in stored(tmp_path) if b"values" in entry]
    assert {
        "version": 1,
        "front": "suite",
        "place": "suite.py",
        "relation": "increasing[area]",
        "schema": fingerprint(SCHEMA),
        "turn": 1,
        "values": values(41.0),
    } == entry


HOSTILE = ["a'b", "a b", "$HOME", "-n", "面積.py", "\n", "\x1b[31m", "\ud800", "a::b", "x" * 5_000, ""]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(tmp_path, name):
    """Whatever a place or a relation is called, its failure comes back."""
    failures = suite(opened(tmp_path), name or "suite.py")
    relation = BIGGER.named(name or "x")
    failures.keep(relation, SCHEMA, values(41.0))
    assert [name or "x"] == [one.relation for one in failures.recall(relation)]
    assert [name or "suite.py"] == [one.place for one in everything(opened(tmp_path))]


SOUND = {
    "version": 1,
    "front": "suite",
    "place": "suite.py",
    "relation": "increasing[area]",
    "schema": "",
    "values": {},
}
ENTRIES = {
    "nothing": b"",
    "half an entry": json.dumps(SOUND).encode()[:40],
    "a pickle": b"\x80\x04K\x05.",
    "no text": bytes(range(256)),
    "a list": b"[1, 2]",
    "a number": b"5",
    "null": b"null",
    "without a version": json.dumps({**SOUND, "version": None}).encode(),
    "another version": json.dumps({**SOUND, "version": 2}).encode(),
    "a field more": json.dumps({**SOUND, "more": 1}).encode(),
    "a field less": json.dumps({"version": 1, "place": "suite.py"}).encode(),
    "a place that is none": json.dumps({**SOUND, "place": 5}).encode(),
    "values that are none": json.dumps({**SOUND, "values": [1]}).encode(),
    "a turn that is none": json.dumps({**SOUND, "turn": "x"}).encode(),
    "very deep": b"[" * 100_000,
}


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=list(ENTRIES))
def test_other_entries_are_passed_over(entry):
    """An entry that is no failure, or one of another version, is passed over, and the rest comes back."""
    database = InMemoryExampleDatabase()
    failures = suite(database)
    failures.keep(BIGGER, SCHEMA, values(41.0))
    (kept,) = failures.recall(BIGGER)
    database.save(kept.key, entry)
    database.save(INDEX, entry)
    assert [kept] == failures.recall(BIGGER) == everything(database)


def test_half_an_entry_is_replaced(tmp_path):
    """Half an entry, left where a whole one belongs, is no obstacle to it."""
    suite(opened(tmp_path)).keep(BIGGER, SCHEMA, values(41.0))
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        path.write_bytes(path.read_bytes()[:10])
    suite(opened(tmp_path)).keep(BIGGER, SCHEMA, values(41.0))
    assert [fingerprint(SCHEMA)] == [one.schema for one in everything(opened(tmp_path))]


SCHEMAS = {
    "another bound": mm.Schema.from_frame(HOUSES.head(50)),
    "another dtype": mm.Schema.from_frame(HOUSES.astype({"rooms": "float64"})),
    "a column more": mm.Schema.from_frame(HOUSES.assign(age=1.5)),
    "another order": mm.Schema.from_frame(HOUSES[["rooms", "area"]]),
    "a constraint": SCHEMA.where(lambda t: t["rooms"] > 0),
    "a formula": SCHEMA.derive(half=lambda t: t["area"] / 2),
}


@pytest.mark.parametrize("schema", SCHEMAS.values(), ids=list(SCHEMAS))
def test_the_fingerprint_of_another_schema(schema):
    """A schema with other columns, constraints or formulas has another fingerprint."""
    assert fingerprint(SCHEMA) != fingerprint(schema)


def test_the_fingerprint_of_the_same_schema():
    """The same columns have the same fingerprint, in whatever process, whatever rows and noun."""
    same = mm.Schema.from_frame(HOUSES.sample(frac=1, random_state=0)).with_noun("house")
    assert fingerprint(SCHEMA) == fingerprint(same)


class Failing(InMemoryExampleDatabase):
    """A backend whose service is down."""

    def save(self, *_):
        raise ConnectionRefusedError

    fetch = delete = save


class Raising(InMemoryExampleDatabase):
    """A backend that fails in a way of its own."""

    def save(self, *_):
        raise RuntimeError


class Forgetful(InMemoryExampleDatabase):
    """A backend that passes over its errors in silence."""

    def save(self, *_):
        """Keeps nothing."""


def below_a_file(tmp_path):
    (tmp_path / "file").write_text("no folder")
    return opened(tmp_path / "file" / "failures")


def named(kind):
    """A backend of a kind, under a name of its own, since a database is warned of once."""

    def make(tmp_path):
        database = kind()
        database.path = tmp_path / kind.__name__
        return database

    return make


UNWRITABLE = {
    "a folder below a file": below_a_file,
    "a service that is down": named(Failing),
    "an error of its own": named(Raising),
    "silence": named(Forgetful),
}


def verdicts(failures):
    model = lambda t: t["rooms"] - t["area"]  # noqa: E731 - the model
    report = check(
        model, [BIGGER, mm.increasing("rooms"), mm.decreasing("rooms")], SCHEMA, budget=60, failures=failures
    )
    return [(result.verdict, result.replay) for result in report.results]


@pytest.mark.parametrize("make", UNWRITABLE.values(), ids=list(UNWRITABLE))
def test_what_cannot_be_kept(tmp_path, make):
    """Where nothing can be kept there is one warning, the verdicts stand, and no command is printed."""
    with pytest.warns(mm.FailuresWarning, match="cannot be kept in") as caught:
        found = verdicts(suite(make(tmp_path)))
    assert ([("violated", None), ("held", None), ("violated", None)], 1) == (found, len(caught))


@pytest.mark.parametrize("make", UNWRITABLE.values(), ids=list(UNWRITABLE))
def test_what_cannot_be_kept_where_warnings_are_errors(tmp_path, make):
    """Where warnings are errors, the verdicts stand all the same."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert ["violated", "held", "violated"] == [verdict for verdict, _ in verdicts(suite(make(tmp_path)))]


def run(program, *arguments, **more):
    """What a program prints, in a process of its own."""
    text = f"import sys\nsys.path[:0] = {PATHS!r}\n" + textwrap.dedent(program)
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", text, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        **more,
    )
    assert ("", 0) == (done.stderr, done.returncode)
    return done.stdout


CROWD = """
    import os, warnings
    from metamorph.failures import Failure, Failures, _save, forget, opened, everything, INDEX

    folder, processes, each = sys.argv[1], 8, 25

    def failure(worker, place):
        values = {"area": worker * 1_000 + place}
        return Failure("pytest", f"test_it.py::test_{place % 5}", "increasing[area]", "", values)

    def keep(database, one):
        assert _save(database, one.key, one.to_bytes()) and _save(database, INDEX, one.key)

    def work(worker):
        database = opened(folder)
        for place in range(each):
            keep(database, failure(worker, place))
            if place % 2:
                forget(database, failure(worker, place))

    children = []
    for worker in range(processes):
        warnings.simplefilter("ignore", DeprecationWarning)  # of forking beside the threads of an idle library
        child = os.fork()
        if not child:
            work(worker)
            os._exit(0)
        children.append(child)
    assert all(os.waitpid(child, 0)[1] == 0 for child in children)
    expected = {worker * 1_000 + place for worker in range(processes) for place in range(0, each, 2)}
    print(expected == {one.values["area"] for one in everything(opened(folder))}, len(expected))
"""


def test_eight_processes(tmp_path):
    """Eight processes that keep and drop in one folder at once lose nothing, and leave whole entries alone."""
    assert "True 104\n" == run(CROWD, tmp_path)
    assert 104 == sum(Failure.from_bytes(entry) is not None for entry in stored(tmp_path))


KILLED = """
    import os, random, signal, warnings
    from metamorph.failures import Failure, _save, forget, opened, INDEX

    warnings.simplefilter("ignore", DeprecationWarning)
    draw = random.Random(0)
    for round in range(16):
        read, write = os.pipe()
        child = os.fork()
        if not child:
            database = opened(sys.argv[1])
            for place in range(10_000):
                values = {"area": round * 10_000 + place, "x": "y" * 9_000}
                one = Failure("suite", f"{place % 3}.py", "increasing[area]", "", values)
                _save(database, one.key, one.to_bytes()) and _save(database, INDEX, one.key)
                if place % 3:
                    forget(database, one)
                os.write(write, b".")
        os.close(write)
        for _ in range(draw.randrange(1, 12)):
            os.read(read, 1)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(read)
"""


def test_killed_at_any_moment(tmp_path):
    """Processes that are killed while they keep and drop leave whole entries, and a database that goes on."""
    (tmp_path / "temporary").mkdir()
    run(KILLED, tmp_path / "failures", env={**os.environ, "TMPDIR": str(tmp_path / "temporary")})
    entries = [entry for entry in stored(tmp_path / "failures") if b"version" in entry]
    assert 10 < len(entries)
    assert [] == [entry for entry in entries if Failure.from_bytes(entry) is None]
    database = opened(tmp_path / "failures")
    suite(database).keep(BIGGER, SCHEMA, values(41.0))
    assert "suite.py" in {one.place for one in everything(database)}


FULL = """
    import resource, warnings
    import numpy as np, pandas as pd, metamorph as mm
    import scipy.stats  # the oldest of SciPy's writes a file while it is imported
    from metamorph.failures import Failures, opened
    from tests.asking import run

    houses = pd.DataFrame({"area": np.arange(60) * 2.5 + 40, "rooms": np.arange(60) % 6 + 1})
    relations = [mm.increasing("area"), mm.increasing("rooms"), mm.decreasing("rooms")]
    for room in (0, 30, 100):
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            failures = Failures(opened(f"{sys.argv[1]}/{room}"), "suite", "suite.py")
            report = run(lambda t: t["rooms"] - t["area"], relations, houses, budget=60, failures=failures)
        print(*[f"{result.verdict} {result.replay}" for result in report.results], len(caught))
"""


def test_a_full_disk(tmp_path):
    """Where a file takes no more bytes there is one warning, the verdicts stand, and no half entry is left."""
    (tmp_path / "temporary").mkdir()
    said = run(FULL, tmp_path / "failures", env={**os.environ, "TMPDIR": str(tmp_path / "temporary")})
    assert ["violated None held None violated None 1"] * 3 == said.splitlines()
    assert [] == [entry for entry in stored(tmp_path / "failures") if b"{" in entry]
