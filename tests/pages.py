"""The README and the pages of docs/, as text, and the blocks of code in them."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[1]
# What `make docs` writes or copies there isn't stored.
_MADE = ("_build", "tutorials")
PATHS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if p.parts[len(ROOT.parts) + 1] not in _MADE),
]
# {path from the root: text}
PAGES = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PATHS}


def blocks(text: str, *languages: str) -> list[str]:
    """The blocks of code of these languages."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [code for language, code in found if language in languages]


def prose(text: str) -> str:
    """What isn't in a block of code."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def spans(text: str) -> list[str]:
    """The words between backticks."""
    return re.findall(r"`([^`\n]+)`", prose(text))
