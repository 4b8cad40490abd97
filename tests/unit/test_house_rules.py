"""The rules of the house that no linter knows, held over the source of both packages."""

import ast
import inspect
import pathlib
import subprocess
import sys

import pytest

import metamorph

ROOT = pathlib.Path(__file__).parents[2]
PACKAGES = (ROOT / "metamorph", ROOT / "strategies" / "metamorph_strategies")
MODULES = {str(file.relative_to(ROOT)): file for package in PACKAGES for file in sorted(package.rglob("*.py"))}
TREES = {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in MODULES.items()}

every_module = pytest.mark.parametrize("name", MODULES)


def row_loops(tree):
    """The lines that go over a table row by row."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in {"iterrows", "itertuples"}:
            yield node.lineno
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "apply":
            axes = [word.value for word in node.keywords if word.arg == "axis"] + node.args[1:2]
            if any(isinstance(axis, ast.Constant) and axis.value in {1, "columns"} for axis in axes):
                yield node.lineno


@pytest.mark.parametrize(
    "line",
    [
        "for row in frame.iterrows(): pass",
        "list(frame.itertuples())",
        "frame.apply(f, axis=1)",
        "frame.apply(f, axis='columns')",
        "frame.apply(f, 1)",
    ],
)
def test_a_loop_over_rows_is_seen(line):
    assert [1] == list(row_loops(ast.parse(line)))


@pytest.mark.parametrize("line", ["frame.apply(f)", "frame.apply(f, axis=0)", "relation.apply(cases, schema)"])
def test_a_call_on_whole_columns_is_no_loop_over_rows(line):
    assert [] == list(row_loops(ast.parse(line)))


@every_module
def test_no_module_goes_over_a_table_row_by_row(name):
    assert [] == list(row_loops(TREES[name]))


@every_module
def test_no_module_has_a_name_that_says_nothing(name):
    parts = pathlib.PurePath(name).with_suffix("").parts
    assert set() == {"utils", "util", "helpers", "helper", "common", "base", "manager", "misc"} & set(parts)


@every_module
def test_every_module_begins_by_saying_what_it_is(name):
    assert ast.get_docstring(TREES[name])


@every_module
def test_every_module_is_about_a_screenful_of_ideas(name):
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) <= 300


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.name)
def test_type_checkers_are_told_that_the_package_has_types(package):
    assert (package / "py.typed").is_file()


def loaded_after(statement, *watched):
    """Which of the *watched* modules a fresh interpreter has loaded after *statement*."""
    program = f"import sys\n{statement}\nprint(*[name for name in {watched!r} if name in sys.modules])"
    path = [str(ROOT), str(ROOT / "strategies")]
    program = f"import sys; sys.path[:0] = {path!r}\n{program}"
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    return run.stdout.split()


HEAVY = ("numpy", "pandas", "sklearn", "scipy", "hypothesis", "rich", "cattrs", "pytest")


def test_importing_metamorph_loads_nothing_heavy():
    assert [] == loaded_after("import metamorph", *HEAVY)


def test_the_first_use_of_a_name_loads_what_it_needs():
    assert ["pandas"] == loaded_after("import metamorph; metamorph.Schema", "pandas")


def test_dir_lists_every_public_name():
    assert set(metamorph.__all__) <= set(dir(metamorph))


def test_an_unknown_name_is_an_attribute_error_that_names_it():
    with pytest.raises(AttributeError, match="increasingly"):
        _ = metamorph.increasingly


@pytest.mark.parametrize("name", metamorph.__all__)
def test_every_public_name_loads_and_says_what_it_is(name):
    assert getattr(metamorph, name).__doc__


@pytest.mark.parametrize("name", [name for name in metamorph.__all__ if inspect.isclass(getattr(metamorph, name))])
def test_every_public_method_says_what_it_does(name):
    cls = getattr(metamorph, name)
    methods = {key: member for key, member in inspect.getmembers(cls, inspect.isroutine) if not key.startswith("_")}
    assert [] == [key for key, method in methods.items() if not inspect.getdoc(method)]
