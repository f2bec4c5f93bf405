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

// `npm run dev` beside a running local cloud: the page from here, the API from there.
const API = process.env.EVALYARD_URL ?? "http://127.0.0.1:8000";
const proxy = Object.fromEntries(
  ["/accounts", "/api", "/ask", "/assets/site.json", "/devices", "/jobs", "/usage", "/user"].map(
    (path) => [path, API],
  ),
);

export default defineConfig({
  plugins: [packedCopies()],
  server: { proxy },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
});
