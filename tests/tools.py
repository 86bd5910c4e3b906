"""The tools that tests need beside Python's packages, as a plugin of pytest.

A test marked `@pytest.mark.needs("node", "gcc")` is skipped where one of them isn't there, and the
end of the run says what to install. With REQUIRE_TOOLS=1, as in .ci/run, it fails instead.

    python -m tests.tools    # prints the tools that aren't there
"""

import collections
import functools
import os
import pathlib
import re
import shutil
import subprocess

import pytest

WEB = pathlib.Path(__file__).parents[1] / "export" / "web"

# Ubuntu's chromium-browser is left out: that snap doesn't start in a container.
CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")


def _has_node() -> bool:
    """Whether npm is there, and a Node that knows `import.meta.dirname`."""
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    found = re.match(r"v(\d+)\.(\d+)", version)
    return found is not None and tuple(map(int, found.groups())) >= (20, 11)


# Tool: (whether it is there, how to get it).
TOOLS = {
    "chromium": (
        lambda: CHROMIUM is not None,
        "Debian's package chromium, or Google Chrome",
    ),
    "node": (_has_node, "Node 20.11 or later with npm, from nodejs.org"),
    "web": (
        lambda: all((WEB / name).exists() for name in ("node_modules", "runtime/litert.wasm.gz")),
        "`make web`, which needs node",
    ),
    "gcc": (lambda: shutil.which("gcc") is not None, "the packages gcc and libc6-dev"),
    "git": (lambda: shutil.which("git") is not None, "the package git"),
}


@functools.cache
def is_there(tool: str) -> bool:
    return TOOLS[tool][0]()


def has(tool: str) -> bool:
    """Whether a part of a test can use the tool. Where tools are required, it fails if not."""
    if not is_there(tool) and os.environ.get("REQUIRE_TOOLS"):
        pytest.fail(f"needs {tool}: {TOOLS[tool][1]}", pytrace=False)
    return is_there(tool)


def pytest_configure(config):
    config.addinivalue_line(
        "markers", "needs(*tools): skipped without these tools of tests/tools.py"
    )


@pytest.hookimpl(tryfirst=True)  # Before fixtures that use the tools.
def pytest_runtest_setup(item):
    needed = [tool for mark in item.iter_markers("needs") for tool in mark.args]
    missing = [tool for tool in needed if not has(tool)]
    if missing:
        item.user_properties.append(("missing", missing))  # Reports carry this property.
        pytest.skip(f"needs {', '.join(missing)}")


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter):
    skipped = [
        dict(r.user_properties).get("missing") for r in terminalreporter.getreports("skipped")
    ]
    skipped = [missing for missing in skipped if missing]
    if skipped:
        count = collections.Counter(tool for missing in skipped for tool in missing)
        ways = "; ".join(f"{tool} ({n}): {TOOLS[tool][1]}" for tool, n in count.most_common())
        terminalreporter.write_line(f"{len(skipped)} tests were skipped for want of tools. {ways}.")


if __name__ == "__main__":
    print(*(tool for tool in TOOLS if not is_there(tool)), sep="\n")
