"""The command line: metamorph check, metamorph replay, metamorph list."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from metamorph import __version__
from metamorph.voice import INTERRUPTED, OneVoice, guarded, warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hypothesis.database import ExampleDatabase

    from metamorph.failures import Failure, Failures
    from metamorph.relation import Relation
    from metamorph.report import Report
    from metamorph.suite import Suite
    from metamorph_strategies.schema import Schema

EXAMPLES = """
\b
Examples:
  metamorph check examples/house_prices.py
  metamorph check suite.py --budget 2000 --json report.json
  metamorph check --model m.skops --data houses.csv --target price \\
      --increasing area --invariant seller_gender

\b
Exit codes: 0 passed, 1 violated, 2 usage error, 3 broken, 4 inconclusive,
130 interrupted.
"""


REPLAY_EXAMPLES = """
\b
Examples:
  metamorph replay examples/house_prices.py
  metamorph replay examples/house_prices.py 7f3a91

\b
Exit codes: 0 nothing fails any more, 1 a case still fails, 2 usage error,
3 broken.
"""


@click.group(
    "metamorph", cls=OneVoice, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80}
)
@click.version_option(__version__, prog_name="metamorph")
def main() -> None:
    """Test what a machine-learning model does: find, shrink and report the inputs on which a relation breaks."""


@main.command(epilog=EXAMPLES)
@click.argument("suite", required=False, type=click.Path(path_type=Path), metavar="[SUITE.py]")
@click.option(
    "--model", type=click.Path(path_type=Path), help="A fitted model: .skops, or .pkl/.joblib with --trust-model."
)
@click.option("--data", type=click.Path(path_type=Path), help="A CSV file with the columns the model was fitted on.")
@click.option("--target", help="The column of --data that the model predicts; left out of the rows.")
@click.option(
    "--increasing", multiple=True, metavar="COLUMN", help="When COLUMN rises the output must not fall. Repeatable."
)
@click.option(
    "--decreasing", multiple=True, metavar="COLUMN", help="When COLUMN rises the output must not rise. Repeatable."
)
@click.option("--invariant", multiple=True, metavar="COLUMN", help="Whatever COLUMN is, the output stays. Repeatable.")
@click.option(
    "--trust-model",
    is_flag=True,
    help="Load a pickled model, or unknown types in .skops: this runs code from the file.",
)
@click.option(
    "--budget", type=click.IntRange(min=1), default=10_000, show_default=True, help="Effective cases for each relation."
)
@click.option(
    "--attack",
    type=click.IntRange(min=0),
    help="Predictions for worse cases, at most; unless given, as many as the budget.",
)
@click.option("--seconds", type=click.FloatRange(min=0, min_open=True), help="Time limit of the whole run.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of every draw.")
@click.option(
    "--plausible",
    type=click.FloatRange(min=0, min_open=True, max=1),
    metavar="SHARE",
    help="Search and shrink no farther from real rows than this share of them are from each other: 0.99.",
)
@click.option(
    "--confidence",
    default="0.95",
    callback=lambda _context, _option, given: _confidence(given),
    metavar="C",
    help='Of intervals and verdicts by rate: 0.95 unless given; "family": all together.',
)
@click.option(
    "--examples",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Counterexamples that need different columns, at most.",
)
@click.option(
    "--reference",
    metavar="LABEL",
    help="Index label of the observed row to shrink towards; of a CSV file, its number from 0.",
)
@click.option("--slices", type=click.Choice(["exact"]), help="Have sliceline find where violations concentrate.")
@click.option("--json", "json_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the report as JSON.")
def check(suite: Path | None, json_path: Path | None, **options: Any) -> None:
    """Check the relations of a suite file, or of the options, on a model.

    SUITE.py is plain Python with the names `model`, `schema` (or a DataFrame) and `relations`; `slices`, if it likes.
    """
    sys.exit(guarded(lambda: _check(suite, json_path, options)))


def _check(suite: Path | None, json_path: Path | None, options: dict[str, Any]) -> int:
    from metamorph.errors import MetamorphError  # noqa: PLC0415 - --help and --version start without pandas
    from metamorph.failures import Failures, opened  # noqa: PLC0415 - the same
    from metamorph.suite import from_options, load  # noqa: PLC0415 - the same

    given = [name for name in ("model", "data", "target", "increasing", "decreasing", "invariant") if options[name]]
    if suite is not None and given:
        msg = f"Expected either a suite file or --{given[0]}, not both."
        raise MetamorphError(msg)
    if json_path is not None and not json_path.absolute().parent.is_dir():
        msg = f"There is no folder {str(json_path.parent)!r} to write --json to."
        raise MetamorphError(msg)
    with warnings.catch_warnings():
        warnings.showwarning = warn
        if suite is not None:
            found = load(suite)
        else:
            relations = _relations(options)
            found = from_options(
                options["model"], options["data"], options["target"], relations, trust=options["trust_model"]
            )
        failures = None if suite is None else Failures(opened(), "suite", _place(suite))
        report, code = _run(found, options, failures)
    from metamorph.terminal import show  # noqa: PLC0415 - the same

    show(report)
    if json_path is not None:
        _write(report, json_path)
    return code


@main.command(epilog=REPLAY_EXAMPLES)
@click.argument("suite", type=click.Path(path_type=Path), metavar="SUITE.py")
@click.argument("failure", required=False, metavar="[ID]")
def replay(suite: Path, failure: str | None) -> None:
    """Ask again about the cases of a suite that failed before; all of them, or the one with this ID.

    Cases that pass now are FIXED, and dropped. Cases of a pytest file are listed with the command that replays them.
    """
    sys.exit(guarded(lambda: _replay(suite, failure)))


def _replay(suite: Path, wanted: str | None) -> int:
    from metamorph.errors import MetamorphError, listed  # noqa: PLC0415 - --help starts without pandas
    from metamorph.failures import everything, opened  # noqa: PLC0415 - the same
    from metamorph.report.lines import WIDTH, cut, safe  # noqa: PLC0415 - the same
    from metamorph.terminal import show  # noqa: PLC0415 - the same

    database, place = opened(), _place(suite)
    kept = [one for one in everything(database) if one.place.partition("::")[0] == place]
    chosen = [one for one in kept if wanted is None or one.id.startswith(wanted)]
    if not kept and not suite.is_file():
        msg = f"There is no suite file {str(suite)!r}."
        raise MetamorphError(msg)
    if not kept and wanted is None:
        show(f"No case of {safe(place)} that failed is kept here.")
        return 0
    if not chosen:
        known = f"; known are {listed(one.id for one in kept)}" if kept else ""
        msg = f"No case of {place} that failed is kept here as {wanted!r}{known}."
        raise MetamorphError(msg)
    for one in chosen:
        if one.front == "pytest":
            show(f"{one.id}  {cut(safe(one.relation), WIDTH - len(one.id) - 2)}\n  {safe(one.command)}\n")
    ours = [one for one in chosen if one.front == "suite"]
    return _revisit(suite, ours, database) if ours else 0


def _revisit(suite: Path, remembered: list[Failure], database: ExampleDatabase) -> int:
    """Ask about the cases of a suite again, and drop what passes; the exit code."""
    from metamorph.failures import forget  # noqa: PLC0415 - --help starts without pandas
    from metamorph.report.lines import WIDTH, cut, safe, wrapped  # noqa: PLC0415 - the same
    from metamorph.runner.revisiting import revisit  # noqa: PLC0415 - the same
    from metamorph.suite import load  # noqa: PLC0415 - the same
    from metamorph.terminal import show  # noqa: PLC0415 - the same

    code = 0
    with warnings.catch_warnings():
        warnings.showwarning = warn
        found = load(suite)
        for again in revisit(found.model, found.relations, found.schema, remembered):
            show(cut(f"{again.outcome:<11}  {again.failure.id}  {safe(again.failure.relation)}", WIDTH))
            if again.report is not None:
                show(f"\n{again.report}\n")
                code = max(code, again.report.exit_code)
                continue
            if again.reason:
                show("\n".join(wrapped(f"Dropped: {again.reason}.")))
            forget(database, again.failure)
    return code


@main.command("list")
@click.option("--group", multiple=True, metavar="NAME", help="Only this group. Repeatable.")
def list_relations(group: tuple[str, ...]) -> None:
    """List the relations of the registry: id, group, and what each says in one line."""
    sys.exit(guarded(lambda: _list(group)))


def _list(groups: tuple[str, ...]) -> int:
    from metamorph import registry  # noqa: PLC0415 - --help starts without pandas
    from metamorph.terminal import show_entries  # noqa: PLC0415 - the same

    show_entries(registry.in_groups(groups or None))
    return 0


def _place(suite: Path) -> str:
    """What a suite is known by: its path from here, or the whole path of one elsewhere."""
    path = suite.absolute()
    return (path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path).as_posix()


def _run(suite: Suite, options: dict[str, Any], failures: Failures | None) -> tuple[Report, int]:
    """The report and the exit code; after Ctrl-C, what was known by then and 130."""
    from metamorph.runner.checking import as_schema, run  # noqa: PLC0415 - --help starts without pandas
    from metamorph.runner.settings import Settings  # noqa: PLC0415 - the same
    from metamorph.terminal import Watcher  # noqa: PLC0415 - the same

    same = ("budget", "attack", "seconds", "seed", "plausible", "confidence", "examples")
    settings = Settings(
        **{name: options[name] for name in same},
        slices=(*suite.slices, *([options["slices"]] if options["slices"] else [])),
    )
    schema = as_schema(suite.schema, _label(suite.schema, options["reference"]))
    with Watcher() as watcher:
        try:
            report = run(suite.model, suite.relations, schema, settings, progress=watcher, failures=failures)
        except KeyboardInterrupt:
            return watcher.partial(schema, options["seed"]), INTERRUPTED
    return report, report.exit_code


def _confidence(given: str) -> float | str:
    """A confidence as it is typed: a number, or "family"."""
    try:
        return given if given == "family" else float(given)
    except ValueError:
        msg = f"{given!r} is neither a number nor 'family'."
        raise click.BadParameter(msg) from None


def _label(schema: Schema, given: str | None) -> str | int | None:
    """An index label as it is typed: text where the observed rows have such a label, else a whole number."""
    if given is None or (schema.labels is not None and given in schema.labels):
        return given
    return int(given) if given.removeprefix("-").isdecimal() else given


def _write(report: Report, path: Path) -> None:
    from metamorph.errors import MetamorphError, told  # noqa: PLC0415 - --help starts without pandas

    try:
        report.to_json(path)
    except OSError as error:
        msg = f"The report cannot be written to {path}: {told(error)}"
        raise MetamorphError(msg) from error


def _relations(options: dict[str, Any]) -> list[Relation]:
    from metamorph.relation import decreasing, increasing, invariant  # noqa: PLC0415 - --help starts without pandas

    makers: Iterable[Callable[[str], Relation]] = (increasing, decreasing, invariant)
    return [make(column) for make in makers for column in options[make.__name__]]
