export function DatasetList() {
  return null;
}
