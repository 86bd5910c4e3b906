// Bundles the page: npm run build [FOLDER], by default built/
//
// With a folder, a test sees whether built/ is up to date.

import path from "node:path";

import { build } from "esbuild";

const here = import.meta.dirname;
await build({
  bundle: true,
  minify: true,
  target: "es2022",
  legalComments: "inline",
  // Else the runtime looks for a GPU, which the page has no use for and browsers can warn of.
  define: { "navigator.gpu": "undefined" },
  entryPoints: [path.join(here, "page", "main.js"), path.join(here, "page", "style.css")],
  format: "iife",
  outdir: process.argv[2] ?? path.join(here, "built"),
});
