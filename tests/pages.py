"""The README and the pages of docs/, as text, and the blocks of code in them."""

import pathlib
import re
import shlex
import subprocess

ROOT = pathlib.Path(__file__).parents[1]
# What `make docs` writes or copies there isn't stored.
_MADE = ("_build", "tutorials")
PATHS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted(p for p in (ROOT / "docs").rglob("*.md") if p.parts[len(ROOT.parts) + 1] not in _MADE),
]
# Where output goes: the printed calls would go there too.
_REDIRECTION = re.compile(r"\s>\s*\S+$", re.MULTILINE)
# Functions of bash with the names of the programs that blocks call: each prints its own call.
_PROGRAMS = ("python", "pip", "make", "tensorboard", "git", "cd", "export")
_PRINTERS = "".join(f"{p}() {{ printf '%q ' {p} \"$@\"; echo; }}\n" for p in _PROGRAMS)
# {path from the root: text}
PAGES = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in PATHS}


def blocks(text: str, *languages: str) -> list[str]:
    """The blocks of code of these languages."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [code for language, code in found if language in languages]


def commands(text: str) -> list[list[str]]:
    """The words of each command in a page's blocks of shell, as a shell would split them."""
    found = []
    for block in blocks(text, "sh", "bash"):
        done = subprocess.run(
            ["/bin/bash", "-euc", _PRINTERS + _REDIRECTION.sub("", block)],
            capture_output=True,
            text=True,
            env={"HOME": "/home/you"},
        )
        assert done.returncode == 0, done.stderr + block
        found += [shlex.split(line) for line in done.stdout.splitlines()]
    return found


def prose(text: str) -> str:
    """What isn't in a block of code."""
    return re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)


def spans(text: str) -> list[str]:
    """The words between backticks."""
    return re.findall(r"`([^`\n]+)`", prose(text))
