export function DeviceList() {
  return null;
}
