// Builds into the function that serves the page; each file gets packed copies beside it, so that
// nothing has to be compressed when it is asked for.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const OUT = resolve(import.meta.dirname, "../functions/dashboard/static");
const PACKED = /\.(html|js|css|svg)$/;

function packedCopies(): Plugin {
  return {
    name: "packed-copies",
    apply: "build",
    closeBundle() {
      for (const name of readdirSync(OUT, { recursive: true, encoding: "utf8" })) {
        if (!PACKED.test(name)) continue;
        const body = readFileSync(join(OUT, name));
        const quality = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
        writeFileSync(join(OUT, `${name}.br`), brotliCompressSync(body, { params: quality }));
        writeFileSync(join(OUT, `${name}.gz`), gzipSync(body, { level: 9 }));
      }
    },
  };
}

// What the beginning loads by itself, which a browser would learn of only when that runs. What draws
// charts is not among it: figures come first.
const EARLY = ["start"];
// What several of them share, in one file instead of many small ones.
const SHARED = /node_modules\/preact|src\/(signal|theme|charts\/lines|pure\/(format|times))\./;

function earlyChunks(): Plugin {
  return {
    name: "early-chunks",
    apply: "build",
    transformIndexHtml: {
      order: "post",
      handler(_html, { bundle }) {
        const chunks = Object.values(bundle ?? {}).filter((each) => each.type === "chunk");
        const early = chunks.filter((each) => EARLY.includes(each.name));
        return early.map(({ fileName }) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: `/${fileName}` },
          injectTo: "head",
        }));
      },
    },
  };
}

// `npm run dev` beside a running local cloud: the page from here, the API from there.
const API = process.env.EVALYARD_URL ?? "http://127.0.0.1:8000";
const proxy = Object.fromEntries(
  ["/accounts", "/api", "/ask", "/assets/site.json", "/devices", "/jobs", "/usage", "/user"].map(
    (path) => [path, API],
  ),
);

export default defineConfig({
  plugins: [earlyChunks(), packedCopies()],
  server: { proxy },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // One style sheet: none is waited for when a chunk comes.
    cssCodeSplit: false,
    reportCompressedSize: false,
    rolldownOptions: {
      output: { codeSplitting: { groups: [{ name: "base", test: SHARED }] } },
    },
  },
});
