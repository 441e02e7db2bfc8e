"""What the documentation shows is what there is: code blocks run, excerpts stand in the files they name."""
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page):
    return BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))


@pytest.mark.parametrize("excerpt", blocks("docs/adding-an-op.md"), ids=lambda text: text.splitlines()[0])
def test_excerpts_are_in_their_files(excerpt):
    first, code = excerpt.split("\n", 1)
    assert first.startswith("# ")
    assert code.strip("\n") in (ROOT / first[2:]).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["README.md", "docs/evaluation.md"])
def test_code_blocks_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {}
    for code in blocks(page):
        exec(compile(code, page, "exec"), namespace)


PAGES = sorted(str(path.relative_to(ROOT)) for pattern in ("*.md", "docs/**/*.md", "*/README.md")
               for path in ROOT.glob(pattern))


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), f"{page}: {target}"


def test_every_page_named_in_the_guide_exists():
    text = (ROOT / "docs/adding-an-op.md").read_text(encoding="utf-8")
    for name in re.findall(r"`((?:numbacnn|backends|tests|docs)/[\w/.-]+\.py)`", text):
        assert (ROOT / name).is_file(), name
