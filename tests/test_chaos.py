"""A few rounds of `make chaos`."""

import pytest

from tests import chaos


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    return chaos.unbroken(tmp_path_factory.mktemp("chaos"))


@pytest.mark.parametrize("number", range(10))
def test_nothing_is_lost_and_nothing_half_written(unbroken, tmp_path, number):
    chaos.round_of(number, unbroken, tmp_path)
