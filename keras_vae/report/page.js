// What pages do beside standing still. Without it all of them can be read.

// A click on a column's name sorts a table, a second one turns the order round. What has no number
// stays last.
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

// Charts say their values at the epoch under the pointer, or that the arrow keys choose.
for (const chart of document.querySelectorAll("svg.chart")) {
  const { lines, epochs, places } = JSON.parse(chart.dataset.shown);
  const cursor = chart.querySelector(".cursor");
  const said = chart.parentElement.querySelector("output");
  let at = epochs.length - 1;
  const show = (wanted) => {
    at = Math.max(0, Math.min(epochs.length - 1, wanted));
    cursor.setAttribute("transform", `translate(${places[at]} 0)`);
    const values = lines.filter((line) => line.values[at] !== null);
    const words = values.map((line) => `${line.name} ${line.values[at]}`).join(", ");
    said.textContent = `Epoch ${epochs[at]}: ${words}`;
    chart.setAttribute("aria-valuenow", epochs[at]);
    chart.setAttribute("aria-valuetext", said.textContent);
  };
  const point = (event) => {
    const box = chart.getBoundingClientRect();
    const x = (event.clientX - box.left) / box.width * chart.viewBox.baseVal.width;
    const away = places.map((place) => Math.abs(place - x));
    show(away.indexOf(Math.min(...away)));
  };
  chart.addEventListener("pointermove", point);
  chart.addEventListener("pointerdown", point);
  chart.addEventListener("keydown", (event) => {
    const page = Math.ceil(epochs.length / 10);
    const steps = {
      ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -page, PageUp: page,
      Home: -epochs.length, End: epochs.length,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    show(at + steps[event.key]);
  });
  show(at);
}

// A click on a picture, or Enter, shows it as large as the window. Escape or a click closes it.
const enlarged = document.createElement("dialog");
enlarged.append(document.createElement("img"));
enlarged.addEventListener("click", () => enlarged.close());
document.body.append(enlarged);
for (const button of document.querySelectorAll("button.enlarge")) {
  button.addEventListener("click", () => {
    const { src, alt, className } = button.querySelector("img");
    Object.assign(enlarged.firstChild, { src, alt, className });
    enlarged.showModal();
  });
}

// The exported page beside this one is loaded when it is asked for.
for (const frame of document.querySelectorAll("iframe[data-src]")) {
  frame.closest("details").addEventListener("toggle", () => {
    if (!frame.src) frame.src = frame.dataset.src;
  });
}

// A link to what is folded opens it.
const unfold = () => {
  const target = document.getElementById(location.hash.slice(1));
  if (target) target.open = true;
};
addEventListener("hashchange", unfold);
unfold();

// A page that loads itself anew keeps open what was opened.
if (document.querySelector("meta[http-equiv=refresh]")) {
  const folds = [...document.querySelectorAll("details")];
  const key = `open ${location.pathname}`;
  try {
    const kept = JSON.parse(sessionStorage.getItem(key) ?? "null");
    if (kept) folds.forEach((fold, i) => { fold.open = kept.includes(i); });
    addEventListener("pagehide", () => {
      const open = folds.flatMap((fold, i) => fold.open ? [i] : []);
      sessionStorage.setItem(key, JSON.stringify(open));
    });
  } catch { /* Browsers may forbid storage for files. */ }
}
