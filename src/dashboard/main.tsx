import { render } from "preact";
import { App } from "./app.tsx";
import { openSession } from "./session.ts";
import { guardUnsaved } from "./unsaved.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/data.css";
import "./styles/content.css";
import "./styles/shell.css";

/** As long nothing is drawn where it isn't known yet who is signed in: mostly that came beside this script. */
const BLANK_MS = 50;

guardUnsaved();
await Promise.race([openSession(), new Promise((resolve) => setTimeout(resolve, BLANK_MS))]);
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
