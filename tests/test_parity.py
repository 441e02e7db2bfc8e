"""The page about PyTorch's names tells the truth: it is what its tool writes, from facts that hold."""
import importlib.util
import types
from pathlib import Path

import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.oracle

ROOT = Path(__file__).resolve().parents[1]
MODULES = ["torch.nn", "torch.nn.functional", "torch.optim", "torch.optim.lr_scheduler"]
REMEDY = "run `python docs/generate_parity.py`, with --settle for names that came"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("generate_parity", ROOT / "docs" / "generate_parity.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", MODULES)
def test_the_facts_hold(tool, name):
    facts = tool.read()[1]
    assert list(facts) == MODULES
    assert tool.faults(name, facts[name]) == {}, REMEDY


def test_the_page_is_what_the_tool_writes(tool):
    assert (ROOT / "docs" / "pytorch-parity.md").read_text(encoding="utf-8") == tool.page(), REMEDY


def test_wrong_facts_are_found(tool):
    facts = tool.Facts(same=["Linear", "LSTM", "Nothing"], differs={"Linear": ""}, coming={"Linear"},
                       absent=[{"names": "Conv2d"}])
    found = tool.faults("torch.nn", facts)
    assert found["in the table, not in PyTorch"] == ["Nothing"]
    assert found["in the table twice"] == ["Linear"]
    assert found["said to be offered, and missing"] == ["LSTM", "Nothing"]
    assert found["said to come, and there"] == ["Linear"]
    assert found["said not to be offered, and there"] == ["Conv2d"]
    assert "Dropout" in found["in PyTorch, not in the table"]


def test_differences_of_signatures_are_found(tool):
    def theirs(input, size, flag=False, mode="zeros", device=None, *, last=1):
        """Do something."""

    def ours(x, width, flag=True, *, last, more=3):
        """Do the same."""

    assert tool.differences(theirs, theirs, "f", {}) == []
    assert tool.differences(theirs, ours, "f", {"input": "", "device": ""}) == [
        "`size` is called `width`", "without `mode`", "more: `more`", "`flag` is `True` by default, not `False`",
        "`last` must be given"]
    assert tool.differences(ours, theirs, "f", {"input": "", "device": ""})[-1] == "`last` is `1` by default"
    compiled = types.SimpleNamespace(__doc__="\nf(input, size, flag=False, mode='zeros', *, last=1) -> Tensor\n")
    assert tool.differences(compiled, theirs, "f", {"device": ""}) == []
