"""The doors of a check, whose notes must be where the page says so."""

import pytest

from tests.data_page.doors import Doors
from tests.data_page.page import read_rows

NOTES = dict(read_rows())


@pytest.fixture
def doors(request, tmp_path):
    """The doors; afterwards, each use, none or some of them gave a note, as the page says."""
    doors = Doors(tmp_path)
    yield doors
    cell = NOTES[request.function.row]
    given = [bool(notes) for notes in doors.noted]
    if cell == "":
        assert not any(given), doors.noted
    elif cell.startswith("yes"):
        assert all(given), doors.noted
    else:  # A condition, as "in files".
        assert set(given) == {True, False}, (cell, doors.noted)
