"""The failure database: confirmed counterexamples, kept as JSON in one of Hypothesis's example databases.

An entry's key is where the relation was checked (a suite, a pytest node) and the relation's id; its value is the case,
with a fingerprint of its schema. Example databases cannot be listed, so one more entry lists the keys.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shlex
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import attrs

from metamorph.errors import FailuresWarning, told

if TYPE_CHECKING:
    from hypothesis.database import ExampleDatabase

    from metamorph.relation import Relation
    from metamorph_strategies.schema import Schema

FOLDER = ".metamorph"
INDEX = b"metamorph failures: the keys of all"
VERSION = 1
TRIES = 5
"""Times that an entry is saved: a process that drops the last entry of a key may take the folder from under another."""
SHORTEST_ID = 6

Front = Literal["suite", "pytest"]


@attrs.frozen
class Failure:
    """A case that failed: where, of which relation, in what schema, and its values as literals.

    ``turn`` counts the checks of one relation in one test: another one may be of another model.
    """

    front: Front
    place: str
    relation: str
    schema: str
    values: Mapping[str, Any]
    turn: int = 1

    @property
    def id(self) -> str:
        """A short name that stays the same while the case does."""
        text = json.dumps([self.place, self.relation, self.values], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:SHORTEST_ID]

    @property
    def command(self) -> str:
        """The command line that asks about it again."""
        return self.command_for(self.place)

    @property
    def key(self) -> bytes:
        """Under what key it is kept."""
        return _key(self.place, self.relation, self.turn)

    def command_for(self, *arguments: str) -> str:
        """The command line that asks about it again, by *arguments* that lead to its place where the user stands."""
        if self.front == "pytest":
            return f"pytest {shlex.join(arguments)} --metamorph-replay-only"
        return f"metamorph replay {shlex.join(arguments)} {self.id}"

    def to_bytes(self) -> bytes:
        """The entry as JSON."""
        return json.dumps({"version": VERSION, **attrs.asdict(self)}, sort_keys=True, allow_nan=False).encode()

    @classmethod
    def from_bytes(cls, entry: bytes) -> Failure | None:
        """The failure that an entry holds; None where it holds none (half a file, or another version)."""
        try:
            data = json.loads(entry)
            failure = cls(**data) if data.pop("version") == VERSION else None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return None
        return failure if failure is not None and _is_sound(failure) else None


@attrs.frozen
class Failures:
    """The failures of one place: a suite file, or a test of pytest, in the *turn*-th check of a relation.

    ``arguments`` lead to the place where the user stands, if what it is known by does not.
    """

    database: ExampleDatabase
    front: Front
    place: str
    turn: int = attrs.field(default=1, kw_only=True)
    arguments: tuple[str, ...] = attrs.field(default=(), kw_only=True)

    def recall(self, relation: Relation) -> list[Failure]:
        """The cases of a relation that failed before, in a fixed order; none of one that allows a rate."""
        return [] if relation.allowed else _read(self.database, _key(self.place, relation.id, self.turn))

    def keep(self, relation: Relation, schema: Schema, values: Mapping[str, Any]) -> str | None:
        """Remember a case; the command line that replays it.

        None where there is none: one case of a relation that allows a rate settles nothing, and where nothing can be
        kept (which is warned of once) nothing can be replayed.
        """
        failure = Failure(self.front, self.place, relation.id, fingerprint(schema), values, self.turn)
        if relation.allowed or not (
            _save(self.database, failure.key, failure.to_bytes()) and _save(self.database, INDEX, failure.key)
        ):
            return None
        _ignore(getattr(self.database, "path", None))
        return failure.command_for(*(self.arguments or (self.place,)))

    def forget(self, failure: Failure) -> None:
        """Drop a case that passes; what cannot be dropped is asked about once more the next time."""
        forget(self.database, failure)


def opened(folder: Path | str = FOLDER) -> ExampleDatabase:
    """The database in a folder, which need not exist before something is kept."""
    from metamorph.folder import Folder  # noqa: PLC0415 - it loads Hypothesis, which nothing else here needs

    return Folder(folder)


def everything(database: ExampleDatabase) -> list[Failure]:
    """All failures that are kept, whatever their place."""
    return [failure for key in sorted(_fetch(database, INDEX)) for failure in _read(database, key)]


def forget(database: ExampleDatabase, failure: Failure) -> None:
    """Drop a failure, and its key where it was the last; what cannot be dropped stays."""
    with contextlib.suppress(Exception):  # a backend fails in its own ways, and no verdict may hang on it
        database.delete(failure.key, failure.to_bytes())
        if not any(True for _ in database.fetch(failure.key)):
            database.delete(INDEX, failure.key)
            if any(True for _ in database.fetch(failure.key)):  # another process kept one in between
                _save(database, INDEX, failure.key)


def fingerprint(schema: Schema) -> str:
    """A short text that is another when columns, constraints or formulas are, whatever rows were observed."""
    columns = [(name, repr(column), str(column.dtype)) for name, column in schema.columns.items()]
    functions = [*(one.name for one in schema.constraints), *schema.derived]
    return hashlib.sha256(repr((columns, functions)).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _key(place: str, relation: str, turn: int) -> bytes:
    return json.dumps([place, relation, turn]).encode()


def _is_sound(failure: Failure) -> bool:
    """Whether every field of an entry is of its type: another program may have written it."""
    texts = (failure.front, failure.place, failure.relation, failure.schema)
    return (
        all(isinstance(text, str) for text in texts)
        and isinstance(failure.values, dict)
        and isinstance(failure.turn, int)
    )


def _read(database: ExampleDatabase, key: bytes) -> list[Failure]:
    found = (Failure.from_bytes(entry) for entry in _fetch(database, key))
    return sorted((failure for failure in found if failure is not None), key=lambda failure: failure.id)


def _fetch(database: ExampleDatabase, key: bytes) -> list[bytes]:
    try:
        return list(database.fetch(key))
    except Exception as error:  # noqa: BLE001 - a backend fails in its own ways, and no verdict may hang on it
        _warn(database, told(error))
        return []


def _save(database: ExampleDatabase, key: bytes, entry: bytes) -> bool:
    """Save and look whether it is there: example databases pass over most errors in silence."""
    reason = "nothing that is saved is there afterwards"
    for _ in range(TRIES):
        try:
            database.save(key, entry)
            if entry in database.fetch(key):
                return True
            database.delete(key, entry)  # half of it, which another program or an older release left, is in its way
        except Exception as error:  # noqa: BLE001 - as in _fetch
            reason = told(error)
    _warn(database, reason)
    return False


def _ignore(folder: Path | None) -> None:
    """Tell git to ignore what is kept in a folder."""
    if folder is not None and folder.is_dir() and not (folder / ".gitignore").exists():
        with contextlib.suppress(OSError):
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")


_warned: set[str] = set()
"""The databases that were warned of: each relation, and each test, would say the same again."""


def _warn(database: ExampleDatabase, reason: str) -> None:
    name = str(getattr(database, "path", type(database).__name__))
    if name not in _warned:
        _warned.add(name)
        message = f"Failed cases cannot be kept in {name}: {reason}"
        with contextlib.suppress(FailuresWarning):  # where warnings are errors, the verdict still stands
            warnings.warn(message, FailuresWarning, stacklevel=2)
