"""Type checkers read the public names as users of both packages do; see `public_api.py` and `mistakes.py`."""

import json
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
MISTAKES = [
    place
    for place, line in enumerate((HERE / "mistakes.py").read_text(encoding="utf-8").splitlines(), 1)
    if "# type: ignore[" in line
]


def run(*command):
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", *map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", ["public_api", "mistakes"])
def test_mypy(name):
    """Mypy, strict, knows what every public name gives, and tells every mistake by its code."""
    done = run("mypy", "--no-error-summary", HERE / f"{name}.py")
    assert ("", "", 0) == (done.stdout, done.stderr, done.returncode)


@pytest.fixture(scope="module")
def pyright():
    """The lines of each file that pyright tells errors of; ignores of mypy's count for nothing."""
    done = run("pyright", "--outputjson", "--pythonpath", sys.executable, "--project", HERE)
    told = json.loads(done.stdout)["generalDiagnostics"]
    return {
        name: sorted({one["range"]["start"]["line"] + 1 for one in told if one["file"].endswith(f"{name}.py")})
        for name in ("public_api", "mistakes")
    }


def test_pyright(pyright):
    """Pyright knows what every public name gives."""
    assert [] == pyright["public_api"]


def test_pyright_on_mistakes(pyright):
    """Pyright tells every mistake, and nothing else."""
    assert MISTAKES == pyright["mistakes"]
