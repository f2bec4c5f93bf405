// What a reader must know about a result before comparing it, as badges.

import type { ResultAnswer } from "../../api_types";

type Flag = NonNullable<ResultAnswer["flags"]>[number];

const FLAGS: Record<Flag, [name: string, meaning: string]> = {
  cached: ["cached", "The server took the prompts of some repetitions from its cache."],
  cache_unknown: [
    "cache unknown",
    "Later repetitions were far faster to the first token, and the server does not say why.",
  ],
  buffered: ["buffered", "The answer arrived faster than it was made: something held it back."],
  interrupted: ["interrupted", "The device stood still while it measured."],
  truncated: ["prompt cut", "The server evaluated less of the prompt than was sent."],
  thinking_cut: ["thinking cut", "The length was used up before anything visible."],
  hot_start: ["hot start", "The device began hotter than its gate."],
};

export function Flags({ flags }: { flags: Flag[] | undefined }) {
  return (
    <>
      {flags?.map((flag) => (
        <span key={flag} class="pill warn" data-flag={flag} title={FLAGS[flag][1]}>
          <span aria-hidden="true">!</span>
          {FLAGS[flag][0]}
        </span>
      ))}
    </>
  );
}
