// An instant as "12 s ago", in full on hover.

import { useNow } from "../clock";
import { ago } from "../pure/format";
import { zoneOf } from "../pure/route";
import { stamp } from "../pure/times";
import { useRoute } from "../router";

export function Ago({ at }: { at: string | null }) {
  const zone = zoneOf(useRoute());
  const now = useNow();
  if (!at) return <span class="note">–</span>;
  return (
    <time
      dateTime={at}
      title={`${stamp(Date.parse(at), zone)} ${zone === "utc" ? "UTC" : "local"}`}
    >
      {ago(at, now)}
    </time>
  );
}
