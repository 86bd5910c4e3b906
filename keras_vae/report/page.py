"""The frame of an HTML page that is one file and needs no other."""

import base64
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from keras_vae.files import write_atomically
from keras_vae.report.plots import Picture

TEMPLATE = Path(__file__).with_name("page.html.template")


def write_page(path: Path, title: str, lead: str, main: str) -> None:
    """Writes the page, which is replaced only when it is complete.

    Args:
      path: of the page.
      title: plain text.
      lead, main: HTML of what stands under the title, and of the rest.
    """
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    write_atomically(path, template.substitute(title=escape(title), lead=lead, main=main))


def figure(folder: Path, picture: Picture) -> str:
    """The HTML of a `pictures.Picture`, which is also written to folder/figures/."""
    file = folder / "figures" / f"{picture.name}.png"
    file.parent.mkdir(exist_ok=True)
    picture.figure.savefig(file)
    return image(file, picture.title, picture.alt, picture.caption, picture.pixelated)


def image(file: Path, title: str, alt: str, caption: str, pixelated: bool = True) -> str:
    """The HTML of a PNG file with its words; see `pictures.Picture`."""
    data = base64.b64encode(file.read_bytes()).decode()
    return (
        f"<figure><h3>{escape(title)}</h3>"
        f"<img {'class=pixelated ' if pixelated else ''}alt='{escape(alt)}' "
        f"src='data:image/png;base64,{data}'>"
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def card(name: str, value: str, unit: str, meaning: str) -> str:
    """The HTML of a number: its value and unit, and what it means."""
    return (
        f"<div class='card'><h3>{escape(name)}</h3><strong>{escape(value)}</strong> {unit}"
        f"<p>{escape(meaning)}</p></div>"
    )


def grid(title: str, cards: Iterable[str]) -> str:
    """Cards side by side under a title."""
    return f"<h2>{escape(title)}</h2>\n<div class='grid'>" + "\n".join(cards) + "</div>"


def details(title: str, rows: Iterable[Sequence[str]]) -> str:
    """A table under a title that opens it: rows of cells, the first one its name."""
    lines = "\n".join(
        f"<tr><th scope='row'>{escape(str(name))}</th>"
        + "".join(f"<td>{escape(str(cell))}</td>" for cell in cells)
        + "</tr>"
        for name, *cells in rows
    )
    return (
        f"<details><summary>{title}</summary><div class='scroll'><table>{lines}</table></div>"
        "</details>"
    )


def table(names: Iterable[str], rows: Iterable[Sequence[str]]) -> str:
    """A plain table: names of its columns, and rows of texts."""
    head = "".join(f"<th scope='col'>{escape(name)}</th>" for name in names)
    body = "\n".join(
        f"<tr><th scope='row'>{escape(first)}</th>"
        + "".join(f"<td>{escape(text)}</td>" for text in others)
        + "</tr>"
        for first, *others in rows
    )
    return (
        f"<div class='scroll'><table class='plain'><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def sortable(names: Iterable[str], rows: Iterable[Sequence[tuple[str, float | str | None]]]) -> str:
    """A table whose rows can be sorted by a click on a column's name.

    Args:
      names: of the columns.
      rows: lists of (text, number or text to sort by, or None, which comes last).
    """
    head = "".join(f"<th scope='col'><button>{escape(name)}</button></th>" for name in names)
    body = "\n".join(
        "<tr>" + "".join(_cell(i, *cell) for i, cell in enumerate(row)) + "</tr>" for row in rows
    )
    return (
        f"<div class='scroll'><table class='sortable'><thead><tr>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div><script>{_SORT}</script>"
    )


def _cell(i, text, key):
    tag, scope = ("th", " scope='row'") if i == 0 else ("td", "")
    key = "" if key is None else str(key)
    return f"<{tag}{scope} data-key='{escape(key)}'>{escape(text)}</{tag}>"


# A second click turns the order round; what has no number stays last.
_SORT = """
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    heads.forEach((other) => other.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const key = (row) => row.cells[column].dataset.key;
    const compare = (a, b) => {
      if (a === "" || b === "") return (a === "") - (b === "");
      const order = isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
      return up ? order : -order;
    };
    const rows = [...table.tBodies[0].rows];
    table.tBodies[0].append(...rows.sort((a, b) => compare(key(a), key(b))));
  }));
}
"""
