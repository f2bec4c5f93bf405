export function DeviceView(_: { id: string }) {
  return null;
}
