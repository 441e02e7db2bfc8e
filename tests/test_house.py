"""The habits of this repository that no linter knows."""
import ast
import configparser
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("numbacnn", "backends", "tests", "examples", "asv_benchmarks", "docs")
FILES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*")
               if path.suffix in {".py", ".md", ".json", ".txt"} and ".asv" not in path.parts)
PYTHON = [path for path in FILES if path.suffix == ".py"]
SOURCES = [path for path in PYTHON if path.is_relative_to(ROOT / "numbacnn") or path.is_relative_to(ROOT / "backends")]
SETTINGS = sorted(path for path in [*ROOT.glob("*"), ROOT / ".ci" / "run", ROOT / ".pre-commit-config.yaml"]
                  if path.is_file())

NUMBA_COMPILERS = {"njit", "jit", "vectorize", "guvectorize", "cfunc", "stencil"}
MAX_LINES = 400
# A folder of one person or one machine; `(?<!\w)` leaves addresses of web pages alone.
PRIVATE_PATH = re.compile(r"(?<![\w.])/(?:home|root|work|Users|opt)/\w|[A-Z]:\\Users")


def setup_cfg() -> configparser.ConfigParser:
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def texts(paths: list[Path]) -> dict[str, str]:
    return {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def compile_faults(source: str) -> Iterator[int]:
    """Lines that say to Numba what only a backend's compile.py may say: how to compile.

    An argument may have the name of a compiler: Numba's own results have one called `cfunc`.
    """
    for node in ast.walk(ast.parse(source)):
        name = {ast.Name: "id", ast.Attribute: "attr", ast.alias: "name", ast.keyword: "arg"}.get(type(node))
        said = {"fastmath"} if isinstance(node, ast.keyword) else NUMBA_COMPILERS | {"fastmath"}
        if name is not None and getattr(node, name) in said:
            yield node.lineno


def test_numba_flags_are_in_compile_py_alone():
    faults = {name: lines for name, text in texts(SOURCES).items()
              if not name.endswith("/compile.py") and (lines := list(compile_faults(text)))}
    assert not faults, "use the backend's compile.py in place of Numba's compilers and flags"


@pytest.mark.parametrize("source", ["@njit\ndef f(): ...", "@numba.njit(cache=True)\ndef f(): ...",
                                    "from numba import jit", "g = cuda.jit(f)", "kernel(fastmath=True)(f)"])
def test_the_check_for_numba_flags_finds(source):
    assert list(compile_faults(source))


def test_no_file_is_too_long():
    long = {name: lines for name, text in texts(PYTHON).items() if (lines := len(text.splitlines())) > MAX_LINES}
    assert not long, "a file of that length usually holds two subjects"


def test_no_path_of_one_machine():
    found = {name: match.group() for name, text in texts(FILES + SETTINGS).items()
             if (match := PRIVATE_PATH.search(text))}
    assert not found, "such a folder exists on one machine only"


@pytest.mark.parametrize("text", ["open('/ho" + "me/me/x')", "see /wo" + "rk/y", "C:\\Us" + "ers"])
def test_the_check_for_private_paths_finds(text):
    assert PRIVATE_PATH.search(text)


def test_setup_cfg_lists_the_packages_on_disk():
    found = [path.parent.relative_to(root) for root in (ROOT, ROOT / "backends")
             for path in root.glob("numbacnn*/**/__init__.py")]
    assert setup_cfg()["options"]["packages"].split() == sorted(".".join(path.parts) for path in found)


def test_setup_cfg_says_where_packages_lie_and_nothing_else():
    sections = set(setup_cfg().sections()) - {"egg_info"}  # setuptools adds that one to a source distribution
    assert sections == {"options", "options.package_data"}
    assert set(setup_cfg()["options"]) == {"packages", "package_dir"}
    assert set(pyproject()["tool"]["setuptools"]) == {"dynamic"}


def test_every_backend_on_disk_is_announced():
    announced = pyproject()["project"]["entry-points"]["numbacnn.backends"]
    assert {f"numbacnn_{name}": module for name, module in announced.items()} \
        == {path.name: path.name for path in (ROOT / "backends").glob("numbacnn_*") if path.is_dir()}


def test_pre_commit_and_the_lint_extra_pin_the_same_tools():
    hooks = (ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8")
    extra = pyproject()["project"]["optional-dependencies"]["lint"]
    for pin in set(re.findall(r"\b(?!numpy==)[\w-]+==[\w.]+", hooks)):
        assert pin in extra


def test_every_environment_variable_is_documented():
    table = (ROOT / "docs" / "env_vars.md").read_text(encoding="utf-8")
    read = {name for text in texts(SOURCES).values() for name in re.findall(r"NUMBACNN_[A-Z_]+", text)}
    assert read == set(re.findall(r"^\| `(NUMBACNN_[A-Z_]+)`", table, re.MULTILINE))


def test_decisions_are_short():
    for name, text in texts(sorted((ROOT / "docs" / "decisions").glob("*.md"))).items():
        lines = text.splitlines()
        assert len(lines) <= 40, name
        assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]
