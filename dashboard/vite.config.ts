// Builds into the function that serves the page; each file gets packed copies beside it, so that
// nothing has to be compressed when it is asked for.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build, defineConfig, type Plugin, type Rolldown } from "vite";

const OUT = resolve(import.meta.dirname, "../functions/dashboard/static");
const TARGET = "es2022";
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

// `src/ahead.ts` stands in the page itself, before the style sheet, which a script would wait for.
function inlinedBeginning(): Plugin {
  return {
    name: "inlined-beginning",
    transformIndexHtml: {
      order: "post",
      async handler(html, { bundle }) {
        const chunks = Object.values(bundle ?? {}).filter((each) => each.type === "chunk");
        const addressOf = (name: string, source: string) =>
          `/${chunks.find((each) => each.name === name)?.fileName ?? source}`;
        const script = await beginning({
          OTHER_PAGES: addressOf("pages", "src/pages.ts"),
          CHARTS: addressOf("plot", "src/charts/plot.ts"),
        });
        return html.replace("/* src/ahead.ts */", () => script);
      },
    },
  };
}

/** The addresses are those of scripts that it fetches. */
async function beginning(addresses: Record<string, string>): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "warn",
    define: Object.fromEntries(
      Object.entries(addresses).map(([name, address]) => [name, JSON.stringify(address)]),
    ),
    build: {
      write: false,
      target: TARGET,
      modulePreload: false,
      rolldownOptions: { input: "src/ahead.ts", output: { format: "iife" } },
    },
  });
  const [only, ...others] = (built as Rolldown.RolldownOutput).output;
  if (others.length || only.code.includes("</")) throw new Error("not one script for a page");
  return only.code.trim();
}

// `npm run dev` beside a running local cloud: the page from here, the API from there.
const API = process.env.EVALYARD_URL ?? "http://127.0.0.1:8000";
const proxy = Object.fromEntries(
  ["/accounts", "/api", "/ask", "/assets/site.json", "/devices", "/jobs", "/usage", "/user"].map(
    (path) => [path, API],
  ),
);

export default defineConfig({
  plugins: [inlinedBeginning(), packedCopies()],
  server: { proxy },
  build: {
    outDir: OUT,
    emptyOutDir: true,
    target: TARGET,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // One style sheet: none is waited for when a chunk comes.
    cssCodeSplit: false,
    reportCompressedSize: false,
  },
});
