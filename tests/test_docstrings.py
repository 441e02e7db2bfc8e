"""Public names say what their parameters are; and parameters that are described are there."""
import importlib
import inspect
import re
from enum import Enum

import pytest

ROOMS = ("numbacnn", "numbacnn.nn", "numbacnn.nn.functional", "numbacnn.nn.init", "numbacnn.nn.utils", "numbacnn.ops",
         "numbacnn.optim", "numbacnn.optim.lr_scheduler", "numbacnn.optim.swa_utils", "numbacnn.data",
         "numbacnn.datasets", "numbacnn.transforms", "numbacnn.metrics", "numbacnn.models", "numbacnn.testing")
PLAIN = {"x"}, {"a", "b"}                                # arguments that a formula in one line says enough about
SECTION = re.compile(r"^Parameters\n-+\n(.*?)(?=^\w[^\n]*\n-+$|\Z)", re.MULTILINE | re.DOTALL)


def public():
    """Functions and classes, once each, by the first of their names."""
    found = {}
    for room in ROOMS:
        module = importlib.import_module(room)
        for name, thing in inspect.getmembers(module, lambda x: inspect.isfunction(x) or inspect.isclass(x)):
            here = name in module.__all__ if hasattr(module, "__all__") else thing.__module__ == room and name[0] != "_"
            if here and not (inspect.isclass(thing) and issubclass(thing, Exception | Enum)):
                found.setdefault(thing, f"{room}.{name}")
    return [pytest.param(thing, id=name) for thing, name in found.items()]


def described(thing):
    """The names that the section of parameters describes, or None if there is none."""
    section = SECTION.search(inspect.getdoc(thing) or "")
    if section is None:
        return None
    heads = [line.split(" : ")[0] for line in section[1].splitlines() if line and not line.startswith(" ")]
    return {name.strip().lstrip("*") for head in heads for name in head.split(",")}


@pytest.mark.parametrize("thing", public())
def test_parameters_are_described(thing):
    """By a section, by that of another name, or, of what only holds values, as attributes."""
    names = {name for name in inspect.signature(thing).parameters if name not in ("args", "kwargs")}
    given, text = described(thing), inspect.getdoc(thing) or ""
    if given is None:
        assert not names or names in PLAIN or re.search(r"[Pp]arameters\b.*\bare those of|^Attributes$", text, re.M)
    elif "are those of" in text:
        assert given <= names
    else:
        assert given == names
