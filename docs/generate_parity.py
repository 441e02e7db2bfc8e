"""Write docs/pytorch-parity.md: what numbacnn offers of PyTorch's public names, and where it differs.

    python docs/generate_parity.py            write the page, and say what the table does not know or gets wrong
    python docs/generate_parity.py --settle   bring the lists `coming` of the table up to date first

Needs PyTorch: names and signatures are read from it. The facts are in parity.toml.
"""
import ast
import importlib
import inspect
import re
import sys
import tomllib
from pathlib import Path
from textwrap import fill
from types import ModuleType
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
TABLE, PAGE = HERE / "parity.toml", HERE / "pytorch-parity.md"
HEAD = """# What is PyTorch's, and what is not

Written by `docs/generate_parity.py` from the facts in `docs/parity.toml` and the signatures of PyTorch {version};
the tests compare. *Same* means: the same parameters with the same defaults, and the same formula.
"""


class Facts(NamedTuple):
    """What the table says about a module of PyTorch's."""

    same: list[str]
    differs: dict[str, str]
    absent: list[dict[str, Any]]
    coming: set[str]

    @property
    def offered(self) -> list[str]:
        """Names that are there, or will be."""
        return [*self.same, *self.differs]

    @property
    def refused(self) -> list[str]:
        """Names that are not there."""
        return [name for group in self.absent for name in group["names"].split()]


def read() -> tuple[dict[str, str], dict[str, Facts]]:
    """Return what holds for parameters everywhere, and the facts of each module."""
    table = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    everywhere = table.pop("everywhere")
    return everywhere, {name: Facts(part["same"].split(), part["differs"], part.get("absent", []),
                                    set(part["coming"].split()))
                        for name, part in table.items()}


def names_of(module: ModuleType) -> set[str]:
    """Return the public names of a module of PyTorch's."""
    listed = getattr(module, "__all__", None)
    return set(listed) if listed else {name for name, value in vars(module).items()
                                       if not name.startswith("_") and not isinstance(value, ModuleType)}


def ours(name: str) -> Any:
    """Return numbacnn's module of the same name; None if there is none yet."""
    try:
        return importlib.import_module(name.replace("torch", "numbacnn", 1))
    except ModuleNotFoundError:
        return None


def faults(name: str, facts: Facts) -> dict[str, list[str]]:
    """Return what the table does not know or gets wrong, by kind."""
    known, public, mine = [*facts.offered, *facts.refused], names_of(importlib.import_module(name)), ours(name)
    missing = {each for each in facts.offered if not hasattr(mine, each)}
    found = {
        "in PyTorch, not in the table": public - set(known),
        "in the table, not in PyTorch": set(known) - public,
        "in the table twice": {each for each in known if known.count(each) > 1},
        "said to be offered, and missing": missing - facts.coming,
        "said to come, and there": facts.coming - missing,
        "said not to be offered, and there": {each for each in facts.refused if hasattr(mine, each)},
    }
    return {kind: sorted(each) for kind, each in found.items() if each}


def parameters(thing: Any, name: str) -> dict[str, Any] | None:
    """Return the parameters of a function or class with their defaults; None if they cannot be known."""
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        signature = None
    if signature is None or (str(signature) == "(*args, **kwargs)" and not inspect.isclass(thing)):
        return _documented(thing, name)
    return {p.name: p.default for p in signature.parameters.values() if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)}


def _documented(function: Any, name: str) -> dict[str, Any] | None:
    """The parameters of a compiled function, from the first line of its description."""
    match = re.search(rf"{name}\((.*?)\) *(?:->|$)", function.__doc__ or "", re.MULTILINE)
    if match is None:
        return None
    try:
        arguments = ast.parse(f"def f({match.group(1)}): ...").body[0].args  # type: ignore[attr-defined]
    except SyntaxError:
        return None
    named = [*arguments.posonlyargs, *arguments.args]
    defaults = [inspect.Parameter.empty] * (len(named) - len(arguments.defaults))
    defaults += [_value(d) for d in arguments.defaults]
    alone = {a.arg: inspect.Parameter.empty if d is None else _value(d)
             for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)}
    return {a.arg: d for a, d in zip(named, defaults, strict=True)} | alone


def _value(expression: ast.expr) -> Any:
    try:
        return ast.literal_eval(expression)
    except ValueError:
        return ast.unparse(expression)


def differences(theirs: Any, mine: Any, name: str, everywhere: dict[str, str]) -> list[str]:
    """Return how the parameters differ, but for those that differ everywhere."""
    a, b = parameters(theirs, name), parameters(mine, name)
    if a is None or b is None:
        return []
    a, b = ({("x" if key == "input" and key in everywhere else key): value for key, value in each.items()
             if not key.startswith("_") and (key == "input" or key not in everywhere)} for each in (a, b))
    renamed = {x: y for x, y in zip(a, b, strict=False) if x != y and x not in b and y not in a and a[x] == b[y]}
    said = [f"`{x}` is called `{y}`" for x, y in renamed.items()]
    without = [f"`{x}`" for x in a if x not in b and x not in renamed]
    said += ["without " + ", ".join(without)] if without else []
    more = [f"`{y}`" for y in b if y not in a and y not in renamed.values()]
    said += ["more: " + ", ".join(more)] if more else []
    return said + [_default(x, b[x], a[x]) for x in a if x in b and not _equal(a[x], b[x])]


def _equal(a: Any, b: Any) -> bool:
    return bool(a is b or ((type(a) is bool) == (type(b) is bool) and a == b))


def _default(name: str, here: Any, there: Any) -> str:
    if here is inspect.Parameter.empty:
        return f"`{name}` must be given"
    if there is inspect.Parameter.empty:
        return f"`{name}` is `{here!r}` by default"
    return f"`{name}` is `{here!r}` by default, not `{there!r}`"


def section(name: str, facts: Facts, everywhere: dict[str, str]) -> str:
    """Return what the page says about a module."""
    theirs, mine = importlib.import_module(name), ours(name)
    notes: dict[str, str] = {}
    for each in facts.offered:
        if each not in facts.coming:
            found = differences(getattr(theirs, each), getattr(mine, each), each, everywhere)
            notes[each] = "; ".join([*([facts.differs[each]] if each in facts.differs else []), *found])
    lines = [f"## {name}", "", _listed("Same", [each for each in facts.offered if notes.get(each) == ""])]
    differing = [each for each in facts.offered if notes.get(each)]
    if differing:
        lines += ["| differs | how |", "|---|---|", *[f"| `{each}` | {notes[each]} |" for each in differing], ""]
    if facts.coming:
        lines += [_listed("To come", [each for each in facts.offered if each in facts.coming])]
    groups = [(_ticked(group["names"].split()), group["why"], "aside" in group) for group in facts.absent]
    lines += ["| not offered | why |", "|---|---|",
              *[f"| {names} | {why} |" for names, why, aside in groups if not aside],
              ""]
    asides = [f"- {why}: {names}" for names, why, aside in groups if aside]
    lines += ["Not about convolutional networks:", "", *asides, ""] if asides else []
    extra = sorted(set(getattr(mine, "__all__", ())) - names_of(theirs) - set(vars(theirs)))
    return "\n".join([*lines, *([_listed("Here alone", extra)] if extra else [])])


def _ticked(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _listed(title: str, names: list[str]) -> str:
    return fill(f"{title}: {_ticked(names) or 'nothing'}.", 120, break_long_words=False, break_on_hyphens=False) + "\n"


def page() -> str:
    """Return the page."""
    import torch

    everywhere, modules = read()
    general = ["Parameters that differ everywhere, and are not named again:", "", "| parameter | here |", "|---|---|",
               *[f"| `{name}` | {how} |" for name, how in everywhere.items()], ""]
    version = torch.__version__.split("+")[0]
    return "\n".join([HEAD.format(version=version), *general,
                      *[section(name, facts, everywhere) for name, facts in modules.items()]]).rstrip() + "\n"


def settle() -> None:
    """Bring the lists of what is to come up to date."""
    text = TABLE.read_text(encoding="utf-8")
    for name, facts in read()[1].items():
        missing = " ".join(each for each in facts.offered if not hasattr(ours(name), each))
        block = "\n".join(filter(None, ['coming = """', fill(missing, 120), '"""']))
        head, part = text.split(f'["{name}"]\n', 1)
        text = head + f'["{name}"]\n' + re.sub(r'coming = """.*?"""', block, part, count=1, flags=re.DOTALL)
    TABLE.write_text(text, encoding="utf-8")


def main() -> int:
    """Write the page; return 1 if the table is wrong."""
    if "--settle" in sys.argv[1:]:
        settle()
    wrong = {name: found for name, facts in read()[1].items() if (found := faults(name, facts))}
    for name, found in wrong.items():
        for kind, names in found.items():
            print(f"{name}: {kind}: {' '.join(names)}")
    if not wrong:
        PAGE.write_text(page(), encoding="utf-8")
        print(f"{PAGE} is written")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
