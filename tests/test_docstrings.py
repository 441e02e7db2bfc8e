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
THOSE = re.compile(r"[Pp]arameters\b[^.`]*\bare\s+those\s+of\s+`(?P<name>\w+)`(?P<without>,\s+without [\w ]+)?"
                   r"(?P<more>[^.]*)")


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


def borrowed(room, text):
    """The parameters of the one the text names, without those it excludes, and the words it adds."""
    found = THOSE.search(text)
    if found is None:
        return None
    rooms = map(importlib.import_module, (room, *ROOMS))
    other = next(getattr(room, found["name"]) for room in rooms if hasattr(room, found["name"]))
    assert described(other) is not None, f"{found['name']} describes no parameters"
    without, more = (set(re.findall(r"\w+", found[part] or "")) for part in ("without", "more"))
    return set(inspect.signature(other).parameters) - without | more


@pytest.mark.parametrize("thing", public())
def test_parameters_are_described(thing):
    """By a section, by that of another name, or, of what only holds values, as attributes."""
    names = {name for name in inspect.signature(thing).parameters if name not in ("args", "kwargs")}
    given, text = described(thing), inspect.getdoc(thing) or ""
    theirs = borrowed(thing.__module__, text)
    if theirs is not None:
        assert (given or set()) <= names <= theirs | (given or set())
    elif given is None:
        assert not names or names in PLAIN or re.search("^Attributes$", text, re.M)
    else:
        assert given == names
