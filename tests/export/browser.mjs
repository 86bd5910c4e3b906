// Uses a page.html in Chromium, and prints as JSON what it found:
//
//   node browser.mjs page.html WIDTH SCREENSHOT.png
//
// Errors of the page are reported, not raised.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

const [page, width, screenshot] = process.argv.slice(2);
const web = path.join(import.meta.dirname, "..", "..", "export", "web", "package.json");
const { chromium } = createRequire(web)("playwright-core");

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM,
  args: ["--no-sandbox"],
});
const context = await browser.newContext({
  viewport: { width: Number(width), height: 900 },
  hasTouch: Number(width) < 500,
  acceptDownloads: true,
});
const tab = await context.newPage();
tab.setDefaultTimeout(10000);
const errors = [];
const requests = [];
tab.on("console", (message) => {
  const isTests = message.text().includes("willReadFrequently"); // That we read its canvases.
  if (["error", "warning"].includes(message.type()) && !isTests) errors.push(message.text());
});
tab.on("pageerror", (error) => errors.push(String(error)));
tab.on("request", (request) => requests.push(request.url()));
await tab.goto(`${pathToFileURL(page)}#seed=-7`);
await tab.waitForFunction("window.ready || !document.getElementById('starting')", { timeout: 60000 });

/** What can be seen of the canvases that a selector finds, a number for each. */
const seen = (selector) =>
  tab.$$eval(selector, (canvases) =>
    canvases.map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return data.reduce((sum, value, i) => (sum * 31 + value) % 1000003, 0);
    }),
  );
/** The red of each of their pixels. */
const reds = (selector) =>
  tab.$$eval(selector, (canvases) =>
    canvases.map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return Array.from(data.filter((_, i) => i % 4 === 0));
    }),
  );
const MADE = "#decoded, .pad .picture:not(.drawing)";
const settled = () => tab.evaluate("generator.last.then(() => new Promise(requestAnimationFrame))");
/** What an action does to the canvases of a selector: those before and after it. */
async function change(selector, act) {
  const before = await seen(selector);
  await act();
  for (let i = 0; i < 100; i++) {
    await settled();
    if (String(await seen(selector)) !== String(before)) break; // A file takes time to be read.
  }
  await settled();
  await settled();
  return [before, await seen(selector)];
}
const shows = (selector) => tab.locator(selector).isVisible();

const found = {
  ready: await tab.evaluate("window.ready"),
  content: await tab.evaluate("document.documentElement.scrollWidth"),
  workers: tab.workers().length,
};
if (await shows("#samples")) {
  found.seed = await tab.locator("#seed").inputValue();
  [found.sampled, found.wrong, found.starts] = await tab.evaluate(async () => {
    const inputs = { seed: Int32Array.from({ length: 32 }, (_, i) => (i % 2 ? i >> 1 : -7)) };
    const [[size, details]] = generator.verbs.sample;
    const wanted = details.find(({ name }) => name === "condition");
    if (wanted?.dtype === "int32") inputs.condition = Int32Array.from({ length: 16 }, (_, i) => i % 3);
    else if (wanted) inputs.condition = new Float32Array((16 / size) * wanted.shape.reduce((a, b) => a * b));
    const starts = [];
    const outputs = await generator.run("sample", inputs, ({ start }) => starts.push(start));
    const wrong = generator.run("sample", { ...inputs, seed: [7, 0] });
    const arrays = Object.entries(outputs).map(([name, values]) => [name, Array.from(values)]);
    return [Object.fromEntries(arrays), await wrong.then(String, String), starts];
  });
  found.hint = await tab.locator("#samples > .hint").innerText();
  found.frame = await reds("#given canvas");
  found.pixels = await tab.$$eval("#grid canvas", (all) =>
    all.map((one) => Array.from(one.getContext("2d").getImageData(0, 0, one.width, one.height).data)),
  );
  found.next = await change("#grid canvas", () => tab.click("#next"));
  found.link = await tab.evaluate("location.hash");
  found.back = await change("#grid canvas", () => tab.fill("#seed", "-7"));
  found.temperature = await change("#grid canvas", () => tab.fill("#temperature", "0.5"));
  if (await shows("#label-picker")) {
    found.options = await tab.$$eval("option", (all) => all.map(({ text }) => text));
    found.titles = await tab.$$eval("#grid button", (all) => all.map(({ ariaLabel }) => ariaLabel));
    found.each = await reds(MADE);
    found.label = await change("#grid canvas", () => tab.selectOption("#label", "2"));
    found.one = await reds(MADE);
    await change("#decoded", () => tab.selectOption("#latents-controls select", "1"));
    found.own = await reds(MADE);
    await change(MADE, () => tab.selectOption("#pad-b select", "0"));
    found.pads = await reds(MADE);
  }
  if (await shows("#given")) {
    found.given = await change("#grid canvas, #decoded", async () => {
      const box = await tab.locator("#given .drawing").boundingBox();
      await tab.mouse.move(box.x + 1, box.y + box.height / 2);
      await tab.mouse.down();
      await tab.mouse.move(box.x + box.width - 1, box.y + box.height / 2, { steps: 4 });
      await tab.mouse.up();
    });
  }
  if (await shows("#drawn-picker")) {
    found.drawn = await change("#grid canvas", () => tab.click("#drawn"));
    found.drawnLink = await tab.evaluate("location.hash");
    await tab.click("#drawn");
  }
  await tab.focus("#seed");
  await change("#grid canvas", () => tab.evaluate("location.hash = '#seed=-9&temperature=3&drawn=true'"));
  found.hashed = await tab.evaluate(() => [
    ...["seed", "temperature"].map((id) => document.getElementById(id).value),
    document.querySelector("output").value,
    document.getElementById("drawn").checked,
  ]);
  await change("#grid canvas", () => tab.evaluate("location.hash = '#seed=-7'"));
  found.chosen = await change("#decoded", () => tab.click("#grid button:nth-child(2)"));
  const [download] = await Promise.all([tab.waitForEvent("download"), tab.click("#save")]);
  found.saved = download.suggestedFilename();
  found.png = readFileSync(await download.path()).toString("base64");
}
if (await shows("#latents-controls select")) {
  found.picked = await change("#decoded", () => tab.selectOption("#latents-controls select", "2"));
  found.centre = await reds("#decoded");
  found.sliders = await tab.$$eval("#handles input", (all) => all.map(({ min, max }) => [min, max]));
}
const handle = (await shows("#handles canvas")) ? "#handles canvas" : "#handles input >> nth=0";
found.moved = await change("#decoded", () => tab.press(handle, "ArrowRight"));
found.after = await reds("#decoded");
if (handle === "#handles canvas") {
  found.plane = (await reds(handle))[0];
  found.dragged = await change("#decoded", async () => {
    const box = await tab.locator(handle).boundingBox();
    await tab.mouse.click(box.x + 0.9 * box.width, box.y + 0.1 * box.height);
  });
}
if (await shows("#images")) {
  found.pictured = await change("#pad-a .picture, #way canvas", async () => {
    await tab.locator("#pad-a .drawing").scrollIntoViewIfNeeded();
    const box = await tab.locator("#pad-a .drawing").boundingBox();
    await tab.mouse.move(box.x + 0.2 * box.width, box.y + 0.2 * box.height);
    await tab.mouse.down();
    await tab.mouse.move(box.x + 0.8 * box.width, box.y + 0.8 * box.height, { steps: 8 });
    await tab.mouse.up();
  });
  if (Number(width) < 500) {
    found.tapped = await change("#pad-a .picture", async () => {
      const box = await tab.locator("#pad-a .drawing").boundingBox();
      await tab.touchscreen.tap(box.x + 0.8 * box.width, box.y + 0.2 * box.height);
    });
  }
  found.file = await change("#pad-b .picture", () =>
    tab.locator("#pad-b input[type=file]").setInputFiles({
      name: "saved.png",
      mimeType: "image/png",
      buffer: Buffer.from(found.png ?? "", "base64"),
    }),
  );
  found.between = await change("#decoded", () => tab.fill("#between", "0.25"));
  found.dropped = await change("#pad-a .picture", () =>
    tab.$eval(
      "#pad-a .pad",
      async (pad, png) => {
        const dataTransfer = new DataTransfer();
        const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
        dataTransfer.items.add(new File([bytes], "saved.png", { type: "image/png" }));
        pad.dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true, bubbles: true }));
      },
      found.png ?? "",
    ),
  );
}
await tab.evaluate("scrollTo(0, 0)");
await tab.screenshot({ path: screenshot, fullPage: true });
found.footer = await tab.$eval("footer", (footer) => getComputedStyle(footer).position);
const ground = () => tab.evaluate("getComputedStyle(document.body).backgroundColor");
found.grounds = [await ground()];
await tab.emulateMedia({ colorScheme: "dark" });
found.grounds.push(await ground());
await browser.close();
console.log(JSON.stringify({ ...found, errors, requests }));
