import { render } from "preact";
import { App } from "./app.tsx";
import { guardUnsaved } from "./unsaved.ts";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/data.css";
import "./styles/content.css";
import "./styles/shell.css";

guardUnsaved();
const root = document.getElementById("app");
if (root !== null) render(<App />, root);
