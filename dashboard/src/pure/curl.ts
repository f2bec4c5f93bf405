// The request behind a view, to paste into a shell. The token is a variable, never itself.

export function curlOf(
  origin: string,
  path: string,
  body?: { method: string; json: unknown },
): string {
  const parts = ["curl -s"];
  if (body) parts.push(`-X ${body.method}`);
  parts.push(quoted(origin + path), '-H "X-User-Token: $EVALYARD_TOKEN"');
  if (body) {
    parts.push("-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body.json))}`);
  }
  return parts.join(" ");
}

export function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
