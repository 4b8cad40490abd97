"""A suite: the model, the schema and the relations that the command line runs."""

from __future__ import annotations

import runpy
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pandas as pd

from metamorph.errors import MetamorphError, ModelError, SchemaError, listed, nearest_name, told
from metamorph.runner.checking import Checkable
from metamorph.slices import Named
from metamorph_strategies.schema import Schema

NAMES = ("model", "schema", "relations")


@attrs.frozen
class Suite:
    """What a run needs."""

    model: Any
    schema: Schema
    relations: list[Checkable]
    slices: tuple[Any, ...] = ()


def load(path: Path) -> Suite:
    """The suite that a plain Python file defines by the names ``model``, ``schema`` and ``relations``; or ``slices``.

    Raises MetamorphError for a file that is absent, raises, or lacks a name.
    """
    if not path.is_file():
        msg = f"There is no suite file {str(path)!r}."
        raise MetamorphError(msg)
    sys.path.insert(0, str(path.absolute().parent))  # a suite imports what lies beside it, as a script does
    try:
        found = runpy.run_path(str(path))
    except KeyboardInterrupt:
        raise
    except MetamorphError as error:
        msg = f"{path}: {error}"
        raise MetamorphError(msg) from error
    except BaseException as error:
        place = _place(error, path)
        msg = f"{path}{place} raised {told(error)}"
        raise MetamorphError(msg) from error
    finally:
        sys.path.pop(0)
    absent = [name for name in NAMES if name not in found]
    if absent:
        msg = f"The suite {path} does not define {listed(absent)}; it needs model, schema and relations."
        raise MetamorphError(msg)
    schema, relations, slices = found["schema"], found["relations"], found.get("slices", ())
    return Suite(
        found["model"],
        schema if isinstance(schema, Schema) else Schema.from_frame(schema),
        [relations] if isinstance(relations, Checkable) else _listed(relations, "relations", path),
        (slices,) if isinstance(slices, str | Named) else tuple(_listed(slices, "slices", path)),
    )


def _listed(given: Any, what: str, path: Path) -> list[Any]:
    try:
        return list(given)
    except Exception as error:
        msg = f"The {what} of {path} cannot be listed: {told(error)}"
        raise MetamorphError(msg) from error


def from_options(
    model: Path | None, data: Path | None, target: str | None, relations: Sequence[Checkable], *, trust: bool
) -> Suite:
    """The suite that command-line options describe: a model file, a CSV file, the target's name and relations."""
    for name, given in (("--model", model), ("--data", data)):
        if given is None:
            msg = (
                f"Expected a suite file, or {name} with the rest:\n"
                "metamorph check --model M --data D.csv --target T --increasing COLUMN"
            )
            raise MetamorphError(msg)
    assert model is not None  # noqa: S101 - checked above
    assert data is not None  # noqa: S101 - checked above
    if not relations:
        msg = "Expected at least one relation: --increasing, --decreasing or --invariant COLUMN."
        raise MetamorphError(msg)
    frame = _read_csv(data)
    if target is not None and target not in frame.columns:
        msg = f"{data} has no column {target!r}{nearest_name(target, frame.columns)}; it was given as --target."
        raise SchemaError(msg)
    return Suite(load_model(model, trust=trust), Schema.from_frame(frame, target=target), list(relations))


def load_model(path: Path, *, trust: bool = False) -> Any:
    """A fitted model from ``.skops``, or with *trust* from a pickle or joblib file, which runs code from the file."""
    if not path.is_file():
        msg = f"There is no model file {str(path)!r}."
        raise ModelError(msg)
    loaders: dict[str, Callable[[Path, bool], Any]] = {
        ".skops": _load_skops,
        ".pkl": _load_pickle,
        ".pickle": _load_pickle,
        ".joblib": _load_pickle,
    }
    loader = loaders.get(path.suffix.lower())
    if loader is None:
        msg = f"Expected a model file ending in {', '.join(loaders)} but got {path.name!r}."
        raise ModelError(msg)
    try:
        return loader(path, trust)
    except MetamorphError:
        raise
    except Exception as error:
        msg = f"The model {path} cannot be loaded: {told(error)}"
        raise ModelError(msg) from error


def _load_skops(path: Path, trust: bool) -> Any:  # noqa: FBT001 - one signature for every loader
    try:
        import skops.io  # noqa: PLC0415 - an extra
    except ImportError:
        msg = "Reading .skops models needs skops: install metamorph-testing[skops]"
        raise ModelError(msg) from None
    unknown = skops.io.get_untrusted_types(file=path)
    if unknown and not trust:
        msg = (
            f"The model {path} holds types that skops does not know to be safe: {listed(unknown)}.\n"
            "If you know where it comes from: --trust-model"
        )
        raise ModelError(msg)
    return skops.io.load(path, trusted=unknown)


def _load_pickle(path: Path, trust: bool) -> Any:  # noqa: FBT001 - one signature for every loader
    if not trust:
        msg = (
            f"{path} is a pickle: loading it runs whatever code it holds.\n"
            "If you know where it comes from: --trust-model. Safer: save the model with skops.io.dump."
        )
        raise ModelError(msg)
    import joblib  # noqa: PLC0415 - only here

    return joblib.load(path)


def _read_csv(path: Path) -> pd.DataFrame:
    if not path.is_file():
        msg = f"There is no data file {str(path)!r}."
        raise SchemaError(msg)
    try:
        return pd.read_csv(path)
    except (ValueError, OSError) as error:  # ParserError, EmptyDataError and UnicodeDecodeError are ValueErrors
        msg = f"The data file {path} cannot be read as CSV: {str(error).splitlines()[0]}"
        raise SchemaError(msg) from error


def _place(error: BaseException, path: Path) -> str:
    """``, line 12`` of the suite file, where the error passed through it."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).absolute() == path.absolute()]
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).absolute() == path.absolute():
        lines = [error.lineno]
    return f", line {lines[-1]}," if lines else ""
