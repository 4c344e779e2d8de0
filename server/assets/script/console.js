// The console comes to life.

import * as actions from "./actions.js";
import { heedCopying } from "./copy.js";
import { Live } from "./live.js";
import { renew } from "./page.js";
import * as settings from "./settings.js";
import { say, tell } from "./text.js";
import { localise } from "./time.js";
import { Timeline } from "./timeline/timeline.js";
import { EVENT, STOP } from "./words.js";

/** The end of the address of a page that has followed a move. */
const FOLLOWED = "#followed";

/** The server as it last introduced itself, and how it is about to end, if it said so. */
let server = null;
let ending = null;

localise(document);
heedCopying();
actions.start();
settings.start();
const timeline = new Timeline();
const live = new Live({ status, record, moved, stopping, silent });

function status(now) {
  const before = server;
  server = now;
  if (!before) return arrived(now);
  if (before.server_pid !== now.server_pid) {
    tell(say("restart.done"));
    timeline.catchUp();
  }
  ending = null;
  renew();
}

/** The first word: a page that has followed a move says so, once. */
function arrived({ moved }) {
  if (location.hash !== FOLLOWED) return;
  history.replaceState(history.state, "", location.pathname + location.search);
  if (moved) tell(say("move.followed", moved));
}

function record(record) {
  timeline.add(record);
  if (record.event === EVENT.SETTINGS_CHANGED) settings.load();
  renew();
}

/** Goes where the app is now; the address lets this browser in. */
function moved({ enter, url }) {
  location.assign((enter ?? url) + FOLLOWED);
}

function stopping({ reason }) {
  ending = reason;
  if (reason === STOP.RESTART) return tell(say("restart.running"));
  live.stopped();
  ended(say("stop.done", { port: document.body.dataset.port }));
}

/** Nothing has been heard for long, and nothing was said before. */
function silent() {
  if (ending !== STOP.STOP) ended(say("stop.silent"));
}

/** Says that the server is gone, and how to start it again. The rest stays to be read. */
function ended(text) {
  const place = document.querySelector("#here .why");
  if (place.classList.contains("ended")) return;
  const said = document.createElement("p");
  said.textContent = text;
  const again = document.getElementById("again").cloneNode(true);
  again.removeAttribute("id");
  place.replaceChildren(said, again);
  place.className = "why ended";
  for (const button of document.querySelectorAll("#here .actions button")) button.disabled = true;
  tell(text);
}
