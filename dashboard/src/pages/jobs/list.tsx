export function JobList() {
  return null;
}
