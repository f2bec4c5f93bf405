// Draws the page, and fetches what the first view does not need when the browser has time.

import { render } from "preact";
import { App } from "./app";
import { loadPages } from "./lazy";

render(<App />, document.getElementById("app") as HTMLElement);

const LATER_MS = 2_000;
setTimeout(loadPages, LATER_MS);
