// The beginning: small, so that the first questions are asked before the page is there.

import { askEarly } from "./early";
import "./style.css";
import "./theme";

askEarly();
import("./start");
