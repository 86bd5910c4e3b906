"""What pytest tells of tests that need tools, and of the minutes of tests, in a made project."""

import pathlib
import re
import stat
import subprocess
import sys

import pytest

from tests import minutes, tools

ROOT = pathlib.Path(__file__).parents[1]
MADE = {
    "tests/test_above.py": "def test_plain(): pass",
    "tests/fast/test_fast.py": """
        import pytest
        from tests import tools

        @pytest.fixture
        def program():
            raise AssertionError("made without its tool")

        @pytest.mark.needs("gcc")
        def test_marked(program): pass

        @pytest.mark.needs("node", "chromium")
        def test_of_two(): pass

        @pytest.mark.skip(reason="no data")
        def test_of_data(): pass

        def test_in_part():
            if tools.has("chromium"):
                raise AssertionError("there is none")
        """,
    "tests/slow/deep/test_slow.py": """
        import pytest

        @pytest.mark.parametrize("i", [0, 1])
        def test_slow(i): pass
        """,
    "conftest.py": """
        import pytest

        SECONDS = {
            "tests/slow": {"setup": 60, "call": 600, "teardown": 6},
            "tests/fast": {"setup": 0, "call": 0, "teardown": 0.6},
            "tests/test": {"setup": 0, "call": 90, "teardown": 0},
        }

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_makereport(item):
            report = yield
            report.duration = SECONDS[item.nodeid[:10]][report.when]
            return report
        """,
}


@pytest.fixture
def run(tmp_path):
    """Runs pytest in the made project with these programs alone on its PATH -> (code, output)."""
    for name, text in MADE.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(line.removeprefix(" " * 8) for line in text.splitlines()))

    def command(*arguments, **environment):
        command = [sys.executable, "-m", "pytest", "-q", "--import-mode=importlib"]
        command += [*(f"-p{plugin.__name__}" for plugin in (minutes, tools)), *arguments]
        (tmp_path / "bin").mkdir(exist_ok=True)
        environment |= {"PATH": str(tmp_path / "bin"), "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        return done.returncode, done.stdout + done.stderr

    return command


def program(folder, name, prints=""):
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho {prints}\n")
    (folder / name).chmod(stat.S_IRWXU)


@pytest.mark.parametrize("processes", [[], ["-n", "2"]])
def test_without_tools_tests_are_skipped_and_a_line_says_what_to_install(run, processes):
    code, output = run(*processes)
    assert code == 0, output
    assert "4 passed, 3 skipped" in output
    (line,) = [line for line in output.splitlines() if "for want of tools" in line]
    assert line.startswith("2 tests were skipped for want of tools. ")
    for tool in ("gcc", "node", "chromium"):
        assert f"{tool} (1): {tools.TOOLS[tool][1]}" in line


def test_where_tools_are_required_such_tests_fail_and_no_others(run):
    code, output = run("-rfE", REQUIRE_TOOLS="1")
    assert code == 1
    assert "3 passed, 1 skipped" in output
    ends = re.findall(r"^(FAILED|ERROR) \S+::(\w+) - Failed: (needs \w+)", output, re.MULTILINE)
    assert sorted(ends) == [
        ("ERROR", "test_marked", "needs gcc"),
        ("ERROR", "test_of_two", "needs node"),
        ("FAILED", "test_in_part", "needs chromium"),
    ]
    assert "for want of tools" not in output


def test_with_its_tool_a_test_runs(run, tmp_path):
    program(tmp_path / "bin", "gcc")
    code, output = run(REQUIRE_TOOLS="1")
    assert code == 1
    assert "made without its tool" in output


def test_a_tool_that_isnt_in_the_table_is_an_error(run, tmp_path):
    file = tmp_path / "tests" / "test_above.py"
    file.write_text("import pytest\n@pytest.mark.needs('gccc')\ndef test(): pass\n")
    code, output = run("tests/test_above.py")
    assert code == 1
    assert "KeyError: 'gccc'" in output


@pytest.mark.parametrize(
    ("version", "npm", "there"),
    [
        ("v20.11.0", True, True),
        ("v22.1.0", True, True),
        ("v20.10.0", True, False),  # This version lacks import.meta.dirname.
        ("v18.20.4", True, False),
        ("v20.11.0", False, False),
        ("", True, False),
    ],
)
def test_node_is_there_if_it_is_new_enough(tmp_path, monkeypatch, version, npm, there):
    program(tmp_path / "bin", "node", version)
    if npm:
        program(tmp_path / "bin", "npm")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert tools.TOOLS["node"][0]() == there


@pytest.mark.parametrize("processes", [[], ["-n", "2"]])
def test_minutes_of_the_folders_are_of_setup_call_and_teardown(run, processes):
    _, output = run(*processes)
    lines = output[output.index("minutes by folder") :].splitlines()[1:4]
    assert lines == [
        "tests/slow   22.20 min      2 tests",
        "tests         1.50 min      1 tests",
        "tests/fast    0.04 min      4 tests",
    ]
