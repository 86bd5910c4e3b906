"""Each row of the page has one check, and each check a row."""

from tests.data_page import test_arrays, test_labels, test_pixels, test_splits, test_values
from tests.data_page.page import CHECKS, read_rows

assert all((test_arrays, test_labels, test_pixels, test_splits, test_values))


def test_rows_and_checks_are_the_same():
    rows = [key for key, _ in read_rows()]
    assert len(rows) == len(set(rows)) > 60
    assert sorted(rows) == sorted(CHECKS)
