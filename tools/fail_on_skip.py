"""A plugin for pytest: a test that skips itself has failed; one marked `browser` may do so, where there is no browser.

Usage: `python -m pytest -p tools.fail_on_skip`, in an environment that has all that the chosen tests need.
"""

from collections.abc import Generator
from typing import TypeVar

import pytest

BROWSER = "browser"  # a mark
Report = TypeVar("Report", pytest.CollectReport, pytest.TestReport)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    # An expected failure reads as skipped. What a browser's test needs beside the browser, its file asks for first.
    is_allowed = hasattr(report, "wasxfail") or BROWSER in report.keywords
    return report if is_allowed else fail_if_skipped(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return fail_if_skipped((yield))  # a whole file that `pytest.importorskip` skips, for example


def fail_if_skipped(report: Report) -> Report:
    """`report`, failed with the reason for which it was skipped, if it was."""
    if report.outcome == "skipped":
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}: no test may be skipped here"
    return report
