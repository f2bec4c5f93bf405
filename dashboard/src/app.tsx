// The frame around every page: who is signed in, where one is, and what applies everywhere.

import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { get } from "./api";
import type { MeAnswer } from "./api_types";
import { useAsOf, useLive } from "./clock";
import { forgetKey } from "./gateway";
import { lazily } from "./lazy";
import { Overview } from "./pages/overview/overview";
import { SignIn } from "./pages/sign_in";
import { useArrival } from "./parts/arrival";
import { writeAs } from "./parts/draft";
import { Link } from "./parts/link";
import { Empty } from "./parts/notes";
import { zoneOf } from "./pure/route";
import { useQuery } from "./query";
import { change, useRoute } from "./router";
import { session, signOut } from "./session";
import { useSignal } from "./signal";
import { nextTheme, theme } from "./theme";

const PAGES: [string, string][] = [
  ["overview", "Overview"],
  ["datasets", "Datasets"],
  ["compare", "Compare"],
  ["gate", "Gate"],
  ["baselines", "Baselines"],
  ["playground", "Playground"],
  ["jobs", "Jobs"],
  ["dead-letters", "Dead letters"],
  ["devices", "Devices"],
];

export function App() {
  const { token, left } = useSignal(session);
  return token ? <Frame /> : <SignIn left={left} />;
}

function Frame() {
  const route = useRoute();
  const [page = "overview", id] = route.path;
  useLive(route.query.get("live") === "1");
  useEffect(() => {
    const name = PAGES.find(([path]) => path === page)?.[1] ?? "Evalyard";
    document.title = id ? `${id} · ${name} · Evalyard` : `${name} · Evalyard`;
    showCurrent();
  }, [page, id]);
  useArrival(`${page} ${id}`);
  return (
    <>
      <button type="button" class="skip" onClick={toContent}>
        Skip to the content
      </button>
      <header class="top">
        <a class="brand" href="#/overview">
          <span class="logo" aria-hidden="true" />
          Evalyard
        </a>
        <nav aria-label="Pages">
          {PAGES.map(([path, label]) => (
            <Link key={path} to={[path]} current={path === page}>
              {label}
            </Link>
          ))}
        </nav>
        <Switches />
      </header>
      <main id="content" tabIndex={-1}>
        <Body page={page} id={id} />
      </main>
    </>
  );
}

/** On a phone the pages are a row that scrolls. */
function showCurrent(): void {
  const current = document.querySelector<HTMLElement>("nav [aria-current]");
  const row = current?.parentElement;
  if (!row) return;
  const middle = current.offsetLeft - row.offsetLeft + current.offsetWidth / 2;
  row.scrollLeft = middle - row.clientWidth / 2;
}

function toContent(): void {
  document.getElementById("content")?.focus();
}

const LISTS: Record<string, ComponentType> = {
  overview: Overview,
  compare: lazily((all) => all.Compare),
  gate: lazily((all) => all.Gate),
  baselines: lazily((all) => all.BaselineList),
  playground: lazily((all) => all.Playground),
  datasets: lazily((all) => all.DatasetList),
  jobs: lazily((all) => all.JobList),
  "dead-letters": lazily((all) => all.DeadLetters),
  devices: lazily((all) => all.DeviceList),
};
const DETAILS: Record<string, ComponentType<{ id: string }>> = {
  baselines: lazily((all) => all.BaselineView),
  datasets: lazily((all) => all.DatasetView),
  jobs: lazily((all) => all.JobView),
  devices: lazily((all) => all.DeviceView),
};
const NewJob = lazily((all) => all.NewJob);

function Body({ page, id }: { page: string; id: string | undefined }) {
  if (page === "jobs" && id === "new") return <NewJob />;
  const Detail = DETAILS[page];
  if (id && Detail) return <Detail key={id} id={id} />;
  const List = LISTS[page];
  if (List && !id) return <List />;
  return (
    <Empty title="There is no such page">
      <p>
        <a href="#/overview">To the overview</a>
      </p>
    </Empty>
  );
}

function leave(): void {
  forgetKey();
  signOut();
}

/** Who is signed in: asked until there is an answer. */
function useMe(): MeAnswer | null {
  const asOf = useAsOf();
  const [me, setMe] = useState<MeAnswer | null>(null);
  const { data } = useQuery<MeAnswer>(me ? null : `me ${asOf}`, (signal) =>
    get("/accounts/me", signal),
  );
  useEffect(() => {
    if (!data) return;
    writeAs(data.user_id);
    setMe(data);
  }, [data]);
  return me;
}

const THEMES = { system: "Auto", light: "Light", dark: "Dark" };

function Switches() {
  const zone = zoneOf(useRoute());
  const chosen = useSignal(theme);
  const me = useMe();
  return (
    <div class="switches">
      <button
        type="button"
        class="quiet"
        title="Times in UTC or as on this machine"
        onClick={() => change({ tz: zone === "utc" ? "local" : null }, true)}
      >
        {zone === "utc" ? "UTC" : "Local"}
      </button>
      <button
        type="button"
        class="quiet"
        title="Colours: as the system, light, dark"
        onClick={nextTheme}
      >
        {THEMES[chosen]}
      </button>
      <span class="who" title={me?.expires_at ? `The token expires ${me.expires_at}` : undefined}>
        {me ? `${me.user_id}${me.admin ? " (admin)" : ""}` : ""}
      </span>
      <button type="button" class="quiet" onClick={leave}>
        Sign out
      </button>
    </div>
  );
}
