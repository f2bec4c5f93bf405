// A call of the playground as something to paste: curl, Python, the command. The API key is a
// variable, never itself.

import { quoted } from "./curl";

export interface Call {
  prompt: string;
  model: string;
  device?: string;
  system?: string;
  tag?: string;
  options?: { num_predict?: number; temperature?: number };
  max_wait_s?: number;
}

export function askCurl(gateway: string, call: Call): string {
  return [
    `curl -sN ${quoted(`${gateway}/ask_stream`)}`,
    '-H "X-Api-Key: $EVALYARD_API_KEY"',
    "-H 'Content-Type: application/json'",
    `-d ${quoted(JSON.stringify(call))}`,
  ].join(" ");
}

/** The same by OpenAI's client; `model@device` pins the call. */
export function askPython(gateway: string, call: Call): string {
  const { prompt, model, device, system, tag, options } = call;
  const messages = [
    ...(system ? [`{"role": "system", "content": ${JSON.stringify(system)}}`] : []),
    `{"role": "user", "content": ${JSON.stringify(prompt)}}`,
  ];
  const members = [
    `model=${JSON.stringify(device ? `${model}@${device}` : model)}`,
    `messages=[${messages.join(", ")}]`,
    ...(options?.num_predict === undefined ? [] : [`max_tokens=${options.num_predict}`]),
    ...(options?.temperature === undefined ? [] : [`temperature=${options.temperature}`]),
    ...(tag ? [`metadata={"tag": ${JSON.stringify(tag)}}`] : []),
    "stream=True",
  ];
  return [
    "import os",
    "",
    "from openai import OpenAI",
    "",
    `client = OpenAI(base_url=${JSON.stringify(`${gateway}/v1`)}, api_key=os.environ["EVALYARD_API_KEY"])`,
    "stream = client.chat.completions.create(",
    ...members.map((each) => `    ${each},`),
    ")",
    "for chunk in stream:",
    "    if chunk.choices:",
    '        print(chunk.choices[0].delta.content or "", end="", flush=True)',
    "",
  ].join("\n");
}
