// What a reader must know about a result or run before comparing it, as badges.

import type { ResultAnswer } from "../api_types";

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

/** A flag that this page does not know has only its name. */
export function Flags({ flags }: { flags: string[] | undefined }) {
  return (
    <>
      {flags?.map((flag) => {
        const [name, meaning] = isKnown(flag) ? FLAGS[flag] : [flag.replaceAll("_", " ")];
        return (
          <span key={flag} class="pill warn" data-flag={flag} title={meaning}>
            <span aria-hidden="true">!</span>
            {name}
          </span>
        );
      })}
    </>
  );
}

function isKnown(flag: string): flag is Flag {
  return Object.hasOwn(FLAGS, flag);
}
