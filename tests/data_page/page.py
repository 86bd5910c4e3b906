"""The tables of docs/reference/data.md, and the checks of their rows."""

import pathlib

PAGE = pathlib.Path(__file__).parents[2] / "docs" / "reference" / "data.md"
CHECKS = {}  # (section, first cell of a row) -> the test of that row


def read_rows() -> list[tuple[tuple[str, str], str]]:
    """((section, first cell), cell of the note) of each row of each table."""
    found, section = [], None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith("|") and not line.startswith("|---"):
            first, _, note = (cell.strip() for cell in line.strip("|").split("|"))
            if note != "note":  # which is the table's head
                found.append(((section, first), note))
    return found


def row(section: str, first_cell: str):
    """Marks a test as the check of that row."""

    def mark(check):
        key = section, first_cell
        assert key not in CHECKS, f"two checks of {key}"
        CHECKS[key] = check
        check.row = key
        return check

    return mark
