// The same cases as tests/client/test_shown_commands.py, which reads the commands by the client's
// own parser and looks whether they ask what is shown as curl.

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { askCommand, baselineCommand, commandOf, gateCommand, type Request } from "./commands";
import { askCurl, askPython, type Call } from "./snippets";

interface Case {
  request?: Request;
  ask?: Call;
  gate?: Parameters<typeof gateCommand>;
  baseline?: Parameters<typeof baselineCommand>;
  command: string;
}

const FILE = new URL("../../../tests/client/cases/shown_commands.json", import.meta.url);
const CASES: Case[] = JSON.parse(readFileSync(FILE, "utf8"));

test.each(CASES)("$command", ({ request, ask, gate, baseline, command }) => {
  const written =
    (request && commandOf(request.path, request.body)) ??
    (gate && gateCommand(...gate)) ??
    (baseline && baselineCommand(...baseline)) ??
    askCommand(ask as Call);

  expect(written).toBe(command);
});

test("there is no command where none does the same", () => {
  expect(commandOf("/user/data/metrics?dataset=mine")).toBeNull();
  expect(commandOf("/devices/phone-1")).toBeNull();
  expect(commandOf("/usage?runs=200")).toBeNull();
  expect(commandOf("/usage/gate", { method: "POST", json: {} })).toBeNull();
});

const CALL: Call = {
  prompt: 'It\'s\n"so"',
  model: "m",
  device: "phone-1",
  options: { num_predict: 32 },
};

test("curl of a call has the key as a variable, and a shell reads the body as it is", () => {
  const text = askCurl("http://h", CALL);

  expect(text).toContain(`curl -sN 'http://h/ask_stream' -H "X-Api-Key: $EVALYARD_API_KEY"`);
  expect(text).toContain(`"It'\\''s\\n\\"so\\""`);
});

test("Python of a call pins its device, and leaves out what was not said", () => {
  const text = askPython("http://h/live", CALL);

  expect(text).toContain('base_url="http://h/live/v1"');
  expect(text).toContain('model="m@phone-1"');
  expect(text).toContain('{"role": "user", "content": "It\'s\\n\\"so\\""}');
  expect(text).toContain("max_tokens=32,");
  expect(text).not.toMatch(/temperature|metadata|system/);
});
