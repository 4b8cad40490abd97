"""The command line as a process of its own: Ctrl-C, pipes, encodings, folders."""

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap

import pytest
from click.testing import CliRunner

import metamorph as mm
from metamorph.cli import main
from metamorph.failures import FOLDER

PATHS = [path for path in sys.path if path]
PROGRAM = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # what is started in the background ignores Ctrl-C otherwise
sys.path[:0] = {PATHS!r}
from metamorph.cli import main
main()
"""
COMMAND = [
    sys.executable,
    "-W",
    "error",
    "-c",
    PROGRAM,
    "check",
]
PATIENCE = 60

SLOW = """
    import sys, time
    import numpy as np, pandas as pd, metamorph as mm

    houses = pd.DataFrame({"area": np.arange(60.0) + 40, "rooms": np.arange(60) % 6 + 1})
    schema = mm.Schema.from_frame(houses).with_noun("house")

    def model(t):
        if t["rooms"].nunique() and asked_about_rooms():
            print("waiting", file=sys.stderr, flush=True)
            time.sleep(600)
        return -t["area"].to_numpy()

    def asked_about_rooms():
        return settled

    settled = False

    def second(t):
        global settled
        settled = True
        return t["rooms"] > 0

    relations = [
        mm.increasing("area").named("bigger costs more"),
        mm.increasing("rooms").when(second).named("never settled"),
    ]
"""
LOADING = """
    import sys, time
    print("waiting", file=sys.stderr, flush=True)
    time.sleep(600)
"""
QUICK = """
    import numpy as np, pandas as pd, metamorph as mm

    houses = pd.DataFrame({"面積": np.arange(60.0) + 40, "rooms": np.arange(60) % 6 + 1})
    schema = mm.Schema.from_frame(houses).with_noun("maison")
    model = lambda t: -t["面積"].to_numpy()
    relations = [mm.increasing("面積").named("plus grand, plus cher « toujours »"), mm.increasing("rooms")]
"""


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    """What fails is kept in the working folder, so that is never the checkout."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def suite(tmp_path):
    """Writes a suite file."""

    def write(text):
        path = tmp_path / "suite.py"
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    return write


def interrupted(*arguments):
    """The process after Ctrl-C, once it said that it waits: exit code, stdout, stderr."""
    process = subprocess.Popen(  # noqa: S603 - our own program
        [*COMMAND, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        first = process.stderr.readline()
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert "waiting\n" == first
    return process.returncode, out, err


def run(*arguments, **more):
    """A finished process."""
    return subprocess.run(  # noqa: S603 - our own program
        [*COMMAND, *map(str, arguments)], capture_output=True, check=False, timeout=PATIENCE, **more
    )


def test_ctrl_c(suite, tmp_path):
    """Ctrl-C ends a run with what was settled by then, said as in a whole run, and exit code 130."""
    target = tmp_path / "report.json"
    code, out, err = interrupted(suite(SLOW), "--budget", "100", "--json", target)
    shutil.rmtree(FOLDER)  # the whole run is to be a first one as well: it would begin with what failed before
    whole = (
        CliRunner()
        .invoke(main, ["check", str(suite(SLOW.replace("time.sleep(600)", "pass"))), "--budget", "100"])
        .stdout
    )
    assert (130, "") == (code, err)
    assert out.startswith("VIOLATED on 100% of real houses")
    assert out.split("\n\nNote: Interrupted")[0] in whole
    report = mm.Report.from_json(target.read_text(encoding="utf-8"))
    assert [("bigger costs more", "violated")] == [(result.relation, result.verdict) for result in report.results]


def test_ctrl_c_while_a_suite_is_read(suite):
    """Ctrl-C before anything was asked is exit code 130 without a traceback."""
    code, out, err = interrupted(suite(LOADING))
    assert (130, "", False) == (code, out, "Traceback" in err)


def test_a_poor_encoding(suite):
    """A terminal that lacks a character gets another one, never a traceback."""
    done = run(suite(QUICK), "--budget", "50", env={**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"})
    assert (1, b"") == (done.returncode, done.stderr)
    assert b"VIOLATED" in done.stdout


def test_a_closed_pipe(suite):
    """Output into a pipe that nobody reads any more ends without a traceback."""
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(  # noqa: S603 - our own program
        [*COMMAND, str(suite(QUICK)), "--budget", "50"],
        stdout=write,
        stderr=subprocess.PIPE,
        check=False,
        timeout=PATIENCE,
    )
    os.close(write)
    assert (True, False) == (done.returncode != 0, b"Traceback" in done.stderr)


def test_from_another_folder(suite, tmp_path):
    """A suite is found, and its report written, relative to where the user stands; where nobody watches, no colour."""
    suite(QUICK)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    done = run(
        "../suite.py",
        "--budget",
        "50",
        "--json",
        "report.json",
        cwd=folder,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert (1, b"", False) == (done.returncode, done.stderr, b"\x1b" in done.stdout)
    assert 2 == len(json.loads((folder / "report.json").read_text(encoding="utf-8"))["results"])


def test_a_mistake_has_no_traceback(tmp_path):
    """A mistake is a line on stderr and exit code 2, in a process too."""
    done = run(tmp_path / "none.py", text=True)
    assert (2, "", 1) == (done.returncode, done.stdout, len(done.stderr.splitlines()))
