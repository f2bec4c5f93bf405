// A line of a few pixels: the shape of a figure over the window. Gaps are gaps.

import { HEIGHT, sparkPath, WIDTH } from "../pure/spark";

export function Spark({ values }: { values: (number | null)[] }) {
  const { line, dots } = sparkPath(values);
  return (
    <svg
      class="spark"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      {line && <path d={line} vector-effect="non-scaling-stroke" />}
      {dots && <path class="dots" d={dots} vector-effect="non-scaling-stroke" />}
    </svg>
  );
}
