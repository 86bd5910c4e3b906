"""What a real browser makes of a page, where Chromium is installed."""

import html
import json
import re
import subprocess

from tests.tools import CHROMIUM

# Comes before all else of the page, and tells the frame around it when all has loaded.
_PROBE = """<script>
const errors = [];
console.error = (...words) => errors.push(words.join(" "));
addEventListener("error", event => errors.push(event.message ?? event.target.src), true);
addEventListener("load", () => {
  const page = document.documentElement;
  const table = document.querySelector("table.sortable");
  const names = () => [...table.tBodies[0].rows].map(row => row.cells[0].textContent);
  const sorted = table && [...table.tHead.rows[0].cells].map(head => {
    head.querySelector("button").click();
    return names();
  });
  const acted = (() => { ACT })();
  const requests = performance.getEntriesByType("resource").map(entry => entry.name);
  parent.postMessage(JSON.stringify({
    width: innerWidth, content: page.scrollWidth, errors, sorted, acted,
    background: getComputedStyle(document.body).backgroundColor,
    requests: requests.filter(name => !name.startsWith("data:")),
  }), "*");
});
</script>"""


def look(page, width: int, dark: bool = False, act: str = "") -> dict:
    """Opens an HTML file in a window of `width` pixels, by day or in the dark.

    Args:
      act: JavaScript that does what a person would; it returns what it `acted`.

    Returns:
      `width` of the window and of the `content`, the `errors` of scripts and images and those that
      scripts log, the `requests` for anything outside of the file, the `background` colour, and, of
      a sortable table, the names of its rows after a click on each column: `sorted`.
    """
    probed = page.with_name(f"probed_{width}.html")
    probed.write_text(page.read_text().replace("<head>", "<head>" + _PROBE.replace("ACT", act), 1))
    # A window can't be so narrow as a phone: the page goes into a frame.
    frame = page.with_name(f"frame_{width}.html")
    frame.write_text(
        "<script>addEventListener('message', e => document.body.dataset.found = e.data)</script>"
        f"<body><iframe src='{probed.name}' width={width} height=900 style='border:0'></iframe>"
    )
    flags = ["--headless", "--no-sandbox", "--disable-gpu"]
    flags += [f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
    shown = subprocess.run(
        [CHROMIUM, *flags, "--virtual-time-budget=5000", "--dump-dom", str(frame)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    found = re.search(r'data-found="([^"]*)"', shown.stdout)
    return json.loads(html.unescape(found[1]))


def assert_sound(page, width: int, dark: bool = False, act: str = "") -> dict:
    """What `look` found, if there was no error, no request and no overflow."""
    found = look(page, width, dark, act)
    assert found["width"] == width
    assert found["content"] <= width
    assert found["errors"] == found["requests"] == []
    return found
