"""The frame of an HTML page that is one file and needs no other, and the parts that fill it."""

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from string import Template

from keras_vae.files import write_atomically
from keras_vae.report import plots
from keras_vae.report.embedding import data_uri
from keras_vae.report.plots import Picture

TEMPLATE = Path(__file__).with_name("page.html.template")
SCRIPT = Path(__file__).with_name("page.js")


def write_page(path: Path, title: str, lead: str, main: str, reload_seconds: int = 0) -> None:
    """Writes the page, which is replaced only when it is complete.

    Args:
      path: of the page.
      title: plain text.
      lead, main: HTML of what stands under the title, and of the rest.
      reload_seconds: after which the page loads itself anew; 0 for a page that stays.
    """
    reload = f'<meta http-equiv="refresh" content="{reload_seconds}">' if reload_seconds else ""
    template = Template(TEMPLATE.read_text(encoding="utf-8"))
    parts = {"lead": lead, "main": main, "script": SCRIPT.read_text(encoding="utf-8")}
    write_atomically(path, template.substitute(title=escape(title), reload=reload, **parts))


def figure(folder: Path, picture: Picture) -> str:
    """The HTML of a `pictures.Picture`, which is also written to folder/figures/."""
    file = folder / "figures" / f"{picture.name}.png"
    file.parent.mkdir(exist_ok=True)
    plots.write(picture.figure, file)
    return image(file, picture.title, picture.alt, picture.caption, picture.pixelated)


def image(file: Path, title: str, alt: str, caption: str, pixelated: bool = True) -> str:
    """The HTML of a PNG file with its words, which a click enlarges; see `pictures.Picture`."""
    return (
        f"<figure><h3>{escape(title)}</h3>"
        "<button type='button' class='enlarge' title='Enlarge'>"
        f"<img {'class=pixelated ' if pixelated else ''}alt='{escape(alt)}' "
        f"src='{data_uri(file)}'></button>"
        f"<figcaption>{escape(caption)}</figcaption></figure>"
    )


def side_by_side(figures: Iterable[str]) -> str:
    """Figures beside each other where there is room; empty if there are none."""
    figures = [*figures]
    return "<div class='pictures'>" + "\n".join(figures) + "</div>" if figures else ""


def card(name: str, value: str, unit: str, meaning: str, good: str = "") -> str:
    """The HTML of a number: its value and unit, what it means, and a line on what is good."""
    good = f"<p class='good'>{escape(good)}</p>" if good else ""
    return (
        f"<div class='card'><h4>{escape(name)}</h4><strong>{escape(value)}</strong> {unit}"
        f"<p>{escape(meaning)}</p>{good}</div>"
    )


def grid(title: str, cards: Iterable[str]) -> str:
    """Cards side by side under a title; empty if there are none."""
    cards = [*cards]
    if not cards:
        return ""
    return f"<h3>{escape(title)}</h3>\n<div class='grid'>" + "\n".join(cards) + "</div>"


def fold(title: str, body: str, is_open: bool = False, name: str = "") -> str:
    """HTML under a title that opens it; `name` is where links lead to."""
    attributes = (f" id='{name}'" if name else "") + (" open" if is_open else "")
    return (
        f"<details class='fold'{attributes}><summary><h2>{escape(title)}</h2></summary>\n"
        f"{body}</details>"
    )


def alarms(texts: Iterable[str]) -> str:
    """Sentences that should worry the reader."""
    return "".join(f"<p class='alarm'>{escape(text)}</p>" for text in texts)


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
        f"<tbody>{body}</tbody></table></div>"
    )


def _cell(i, text, key):
    tag, scope = ("th", " scope='row'") if i == 0 else ("td", "")
    key = "" if key is None else str(key)
    return f"<{tag}{scope} data-key='{escape(key)}'>{escape(text)}</{tag}>"
