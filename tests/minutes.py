"""The minutes of the tests by folder, printed at their end, as a plugin of pytest."""

import collections
import pathlib

import pytest


@pytest.hookimpl(trylast=True)  # Below the slowest tests.
def pytest_terminal_summary(terminalreporter):
    seconds, tests = collections.Counter(), collections.defaultdict(set)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if hasattr(report, "duration"):  # The report is of a test's setup, call or teardown.
                folders = pathlib.PurePath(report.nodeid.split("::")[0]).parent.parts
                folder = "/".join(folders[:2]) or "."
                seconds[folder] += report.duration
                tests[folder].add(report.nodeid)
    if not seconds:
        return
    terminalreporter.section("minutes by folder, of all processes together")
    width = max(map(len, seconds))
    for folder, time in seconds.most_common():
        terminalreporter.write_line(
            f"{folder:{width}} {time / 60:7.2f} min {len(tests[folder]):6} tests"
        )
