// Draws the page, and fetches what the first view does not need when the browser has time.

import { render } from "preact";
import { App } from "./app";
import { loadPlotting } from "./charts/plotting";
import { loadPages } from "./lazy";
import "./style.css";
import { currentRoute } from "./router";
import "./theme";

render(<App />, document.getElementById("app") as HTMLElement);

const LATER_MS = 2_000;
if (currentRoute().path[0] === "overview") setTimeout(loadPages, LATER_MS);
else loadPlotting();
