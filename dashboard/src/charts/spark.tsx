// A line of a few pixels: the shape of a figure over the window. Gaps are gaps.

const WIDTH = 120;
const HEIGHT = 26;

export function Spark({ values }: { values: (number | null)[] }) {
  const known = values.filter((value): value is number => value !== null);
  if (known.length < 2)
    return <svg class="spark" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" />;
  const low = Math.min(0, ...known);
  const high = Math.max(...known);
  const x = (at: number) => (at / Math.max(1, values.length - 1)) * (WIDTH - 4) + 2;
  const y = (value: number) => HEIGHT - 3 - ((value - low) / (high - low || 1)) * (HEIGHT - 6);
  let path = "";
  let pen = false;
  values.forEach((value, at) => {
    if (value !== null) path += `${pen ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = value !== null;
  });
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      <path d={path} vector-effect="non-scaling-stroke" />
    </svg>
  );
}
