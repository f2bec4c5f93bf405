// Writes src/api_types.ts from the API's one description: its schemas, what may be asked in queries,
// and the names of what usage may be asked by. With `--check` it fails where the file is another; `make check` runs that.

import { readFileSync, writeFileSync } from "node:fs";
import openapiTS, { astToString } from "openapi-typescript";

const SOURCE = new URL("../functions/health/openapi.json", import.meta.url);
const TARGET = new URL("src/api_types.ts", import.meta.url);

const written = await typesOf(JSON.parse(readFileSync(SOURCE, "utf8"), withoutTitle));
if (!process.argv.includes("--check")) writeFileSync(TARGET, written);
else if (readFileSync(TARGET, "utf8") !== written) {
  console.error("dashboard/src/api_types.ts is not what the API describes: run `make openapi`");
  process.exitCode = 1;
}

async function typesOf({ openapi, info, paths, components }) {
  const queries = { openapi, info: { title: "", ...info }, paths: queriesOf(paths), components };
  const types = await openapiTS(queries, {
    alphabetize: true,
    // What has a default may be left out of a request; what an answer always has is required.
    defaultNonNullable: false,
    rootTypes: true,
    rootTypesNoSchemaPrefix: true,
  });
  const names = paths["/usage/summary"].get.parameters.map(({ name }) => name);
  const list = `export const USAGE_PARAMETERS = ${JSON.stringify(names)} as const;\n`;
  return `// Written by \`make openapi\`; changes here are lost.\n\n${astToString(types)}\n${list}`;
}

/** The operations that read, with nothing but their parameters. */
function queriesOf(paths) {
  const reading = Object.entries(paths).filter(([, { get }]) => get?.parameters);
  return Object.fromEntries(
    reading.map(([path, { get }]) => [
      path,
      { get: { operationId: get.operationId, parameters: get.parameters, responses: {} } },
    ]),
  );
}

/** A title only says the name again ("Job Id"). */
function withoutTitle(key, value) {
  return key === "title" && typeof value === "string" ? undefined : value;
}
