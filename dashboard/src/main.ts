// The beginning: small, so that the figures are asked for before the page is there.

import { askEarly } from "./early";
import "./style.css";
import "./theme";

askEarly();
import("./start");
