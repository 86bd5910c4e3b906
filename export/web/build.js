// Bundles the page: npm run build [FOLDER], by default built/
//
// A test bundles into another folder, and compares it with built/.

import path from "node:path";

import { build } from "esbuild";

const here = import.meta.dirname;
await build({
  bundle: true,
  minify: true,
  target: "es2022",
  legalComments: "inline",
  // Without this line the runtime looks for a GPU. The page doesn't use one, and browsers may warn.
  define: { "navigator.gpu": "undefined" },
  entryPoints: ["main.js", "worker.js", "style.css"].map((name) => path.join(here, "page", name)),
  format: "iife",
  outdir: process.argv[2] ?? path.join(here, "built"),
});
