// A request as text: a path with its query.

export type Query = [string, string][];

/** `path` with a query; what is shown as curl is exactly what is sent. */
export function pathWith(path: string, query: Query): string {
  const text = new URLSearchParams(query).toString();
  return text ? `${path}?${text}` : path;
}
