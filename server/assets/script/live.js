// The line to the server: what it says is heard at once, and when the line breaks it is mended.

import { Problem, ask } from "./api.js";
import { say, tell } from "./text.js";
import { STREAM } from "./words.js";

/** How long until the line is tried again, at first and at most. */
const FIRST = 500;
const LAST = 5_000;

/** How long nothing may be heard after which the server may have been stopped. */
const SILENCE = 10_000;

/** Listens for good. `heard` has a function for each event; `silent` and `moved` are for endings. */
export class Live {
  #heard;
  #source;
  #lost = null;
  #delay = FIRST;
  #last = null;

  constructor(heard) {
    this.#heard = heard;
    this.#open();
  }

  /** The server has ended; whether it comes back is still looked for. */
  stopped() {
    show("stopped");
    this.stop = true;
  }

  #open() {
    const base = document.body.dataset.api;
    this.#source = new EventSource(`${base}events`);
    this.#source.addEventListener("open", () => this.#mended());
    this.#source.addEventListener("error", () => this.#broken());
    for (const name of Object.values(STREAM)) {
      this.#source.addEventListener(name, (event) => {
        this.#last = event.lastEventId || this.#last;
        this.#heard[name]?.(JSON.parse(event.data));
      });
    }
  }

  #mended() {
    if (this.#lost) tell(say("live.back"));
    [this.#lost, this.#delay, this.stop] = [null, FIRST, false];
    show("on");
  }

  /** The browser would try again by itself, but not after every kind of end; so it is done here. */
  #broken() {
    this.#source.close();
    this.#lost ??= Date.now();
    if (!this.stop) show("lost");
    setTimeout(() => this.#look(), this.#delay);
    this.#delay = Math.min(this.#delay * 2, LAST);
  }

  async #look() {
    try {
      await ask("status");
      this.#open();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      // Another port, or no longer let in: the server knows which page is to be shown now.
      if ([308, 401].includes(error.status)) return location.reload();
      if (Date.now() - this.#lost > SILENCE) this.#heard.silent?.();
      this.#broken();
    }
  }
}

/** Shows how the line is: `connecting`, `on`, `lost` or `stopped`. */
function show(state) {
  const live = document.getElementById("live");
  if (live.dataset.state === state) return;
  live.dataset.state = state;
  live.textContent = say(`live.${state}`);
}
