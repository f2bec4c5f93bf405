export function DatasetView(_: { id: string }) {
  return null;
}
