"""What `pip install` gives a stranger: built from a copy of the tree, used from outside it."""
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("asv_benchmarks", "backends", "docs", "examples", "numbacnn", "tests")
# What comes from the tree under test must not come from the caller's environment.
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def run(*command, cwd):
    """Run a command; its output belongs to the failure, if there is one."""
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=ENVIRONMENT, text=True, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def distributions(tmp_path_factory):
    """A source distribution of a copy of the tree, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("build")
    tree = folder / "tree"
    shutil.copytree(ROOT, tree, ignore=lambda path, names: [
        name for name in names if Path(path) == ROOT and name not in FOLDERS and not (ROOT / name).is_file()])
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder / "dist", tree, cwd=folder)
    [sdist], [wheel] = (folder / "dist").glob("*.tar.gz"), (folder / "dist").glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def installed(distributions, tmp_path_factory):
    """The bin folder of an environment that holds the wheel; its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("installed") / "venv"
    venv.create(folder, with_pip=False)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    run(sys.executable, "-m", "pip", "--python", scripts / "python", "install", "--no-deps", "--no-index",
        distributions[1], cwd=folder)
    # A path that is named by a .pth file is searched last, and the .pth files in it are not read: what is
    # installed here in editable mode stays out of reach.
    purelib = run(scripts / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder)
    dependencies = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    Path(purelib.strip(), "dependencies.pth").write_text("\n".join(sorted(dependencies)), encoding="utf-8")
    return scripts


def files_on_disk(folder):
    """What a wheel should hold of a folder: modules, and data beside them."""
    suffixes = {".py", ".npz", ".gz", ".txt", ".typed"}
    return {path.relative_to(folder.parent).as_posix() for path in folder.rglob("*") if path.suffix in suffixes}


def test_the_wheel_holds_the_packages_and_nothing_else(distributions):
    names = {name for name in zipfile.ZipFile(distributions[1]).namelist() if ".dist-info/" not in name}
    packages = [ROOT / "numbacnn", *(path for path in (ROOT / "backends").glob("numbacnn_*") if path.is_dir())]
    assert names == {"numbacnn/py.typed"}.union(*map(files_on_disk, packages))
    assert any(name.startswith("numbacnn/datasets/") and not name.endswith(".py") for name in names), "no digits"


def test_the_wheel_says_what_it_is(distributions):
    wheel = zipfile.ZipFile(distributions[1])
    [metadata] = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    fields = Parser().parsestr(wheel.read(metadata).decode())
    assert distributions[1].name.endswith("-py3-none-any.whl")
    assert (fields["Name"], fields["License-Expression"], fields["Requires-Python"]) == ("numbacnn", "MIT", ">=3.11")
    assert fields["Version"].startswith("0.")
    entry_points = wheel.read(metadata.replace("METADATA", "entry_points.txt")).decode().split("\n")
    assert {"[numbacnn.backends]", "cpu = numbacnn_cpu", "numbacnn = numbacnn.cli:main"} <= set(entry_points)


def test_the_source_distribution_holds_the_repository(distributions):
    with tarfile.open(distributions[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = {path.relative_to(ROOT).as_posix() for folder in FOLDERS for path in (ROOT / folder).rglob("*")
                if path.suffix in {".py", ".md", ".npz"} and ".asv" not in path.parts}
    assert expected <= names
    assert {"LICENSE", "README.md", "CHANGELOG.md", "pyproject.toml", "setup.cfg"} <= names
    assert not [name for name in names if name.endswith((".pyc", ".nbi", ".nbc")) or "__pycache__" in name]


def test_the_installed_wheel_computes_outside_the_tree(installed, tmp_path):
    program = """
import sys, numbacnn
assert "numba" not in sys.modules, "import numbacnn starts Numba"
print(numbacnn.__file__)
print((numbacnn.tensor([1.0, 2.0]) + numbacnn.tensor([3.0, 4.0])).numpy().tolist())
import numbacnn_cpu
print(numbacnn_cpu.__file__)
"""
    core, values, backend = run(installed / "python", "-c", program, cwd=tmp_path).split("\n")[:3]
    assert values == "[4.0, 6.0]"
    assert Path(core).is_relative_to(installed.parent)
    assert Path(backend).is_relative_to(installed.parent)


def test_the_installed_command_starts(installed, tmp_path):
    output = run(installed / "numbacnn", "info", cwd=tmp_path)
    assert "numbacnn" in output
    assert "cpu" in output
