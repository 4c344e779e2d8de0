// The timeline: what is in view, and what is pointed at.

import { Problem } from "../api.js";
import { Records } from "../records.js";
import { locale, say } from "../text.js";
import { duration, second } from "../time.js";
import { draw, sign, timeWidth, timeX } from "./draw.js";
import { SPANS, Window } from "./scale.js";
import { tell } from "./story.js";
import { Table } from "./table.js";
import { sentence } from "./words.js";

/** How many records of a thing are shown beside the picture. */
const SHOWN = 3;

/** How often the present moves on. */
const TICK = 30_000;

/** The picture and everything around it. */
export class Timeline {
  #records = new Records();
  #table = new Table();
  #plot = document.getElementById("plot");
  #svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  #span = "7d";
  #window = Window.until(Date.now(), SPANS["7d"]);
  #follows = true;
  #isChosen = false;
  #things = [];
  #isReading = false;
  #focused = null;
  #drawing = 0;
  #size = { width: 0, height: 0 };
  #unit = 1;

  constructor() {
    this.#svg.setAttribute("role", "group");
    this.#svg.setAttribute("aria-label", say("timeline.about"));
    for (const place of document.querySelectorAll("[data-sign]")) {
      place.append(sign(place.dataset.sign));
    }
    new ResizeObserver(([{ contentRect }]) => {
      // The picture grows with the type of the page, so it is drawn in units of that.
      this.#unit = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
      const { width, height } = contentRect;
      this.#size = { width: width / this.#unit, height: height / this.#unit };
      this.#redraw();
    }).observe(this.#plot);
    this.#heedButtons();
    this.#heedKeys();
    this.#heedPointer();
    setInterval(() => this.#redraw(), TICK);
    this.catchUp();
  }

  /** Reads what there is to read. */
  async catchUp() {
    try {
      await this.#records.read(() => {
        this.#fit();
        this.#redraw();
      });
      this.#note();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      if (!this.#records.all.length) this.#plot.textContent = say("timeline.unreadable");
    }
  }

  /** One more record. */
  add(record) {
    this.#records.add(record);
    this.#redraw();
  }

  #note() {
    const { all, hasMore, broken } = this.#records;
    const notes = [];
    if (hasMore) notes.push(say("timeline.bounded", { count: all.length.toLocaleString(locale) }));
    if (broken) notes.push(say("timeline.broken", { count: broken.toLocaleString(locale) }));
    document.getElementById("history-note").textContent = notes.join(" ");
  }

  #redraw() {
    cancelAnimationFrame(this.#drawing);
    this.#drawing = requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    if (!this.#size.width) return;
    const now = Date.now();
    if (this.#follows) this.#show(this.#span === "all" ? this.#everything(now) : this.#latest(now));
    const { launch, port } = document.body.dataset;
    const records = this.#records.all;
    const story = tell(records, { running: launch, now, port: Number(port) });
    const hadFocus = this.#svg.contains(document.activeElement);
    if (!this.#svg.isConnected) this.#plot.replaceChildren(this.#svg);
    this.#things = draw(this.#svg, story, this.#window, { ...this.#size, now });
    this.#table.show(
      records.filter(({ at }) => at >= this.#window.from && at <= this.#window.to),
    );
    this.#rove(hadFocus);
    if (!this.#isReading && this.#things.length) this.#read(this.#things.at(-1));
  }

  // What is in view.

  #latest = (now) => Window.until(now, SPANS[this.#span]);

  #everything(now) {
    const first = this.#records.all[0]?.at ?? now - SPANS["24h"];
    return Window.until(now, Math.max(now - first, SPANS["1h"]) * 1.02);
  }

  /** Until a span is chosen, a young history fills the width. */
  #fit() {
    const first = this.#records.all[0]?.at;
    if (this.#isChosen || this.#records.hasMore || !first) return;
    const fits = Object.keys(SPANS).find((span) => Date.now() - first < SPANS[span] * 0.9);
    const radios = [...document.getElementsByName("span")];
    const radio = radios.find(({ value, checked }) => value === fits || (!fits && checked));
    [radio.checked, this.#span, this.#isChosen] = [true, radio.value, true];
  }

  #show(window) {
    this.#window = window;
  }

  /** Goes elsewhere by hand, and so no longer with the present, unless that is still in view. */
  #go(window) {
    const now = Date.now();
    const first = Math.min(this.#records.all[0]?.at ?? now, now - SPANS["30d"]);
    this.#show(window.within(first, now));
    [this.#follows, this.#isChosen] = [false, true];
    for (const radio of document.getElementsByName("span")) radio.checked = false;
    this.#redraw();
  }

  #act = {
    in: (at) => this.#go(this.#window.zoomed(0.5, at)),
    out: (at) => this.#go(this.#window.zoomed(2, at)),
    earlier: () => this.#go(this.#window.shifted(-0.4)),
    later: () => this.#go(this.#window.shifted(0.4)),
  };

  #heedButtons() {
    for (const radio of document.getElementsByName("span")) {
      if (radio.checked) this.#span = radio.value;
      radio.addEventListener("change", () => {
        [this.#span, this.#follows, this.#isChosen] = [radio.value, true, true];
        this.#redraw();
      });
    }
    for (const button of document.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => this.#act[button.dataset.zoom]());
    }
  }

  // What is pointed at.

  #heedKeys() {
    this.#svg.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const index = this.#things.findIndex(({ key }) => key === this.#focused);
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      const turn = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      const end = { Home: 0, End: this.#things.length - 1 }[event.key];
      if (event.key === "+" || event.key === "=") this.#act.in(this.#things[index]?.at);
      else if (event.key === "-") this.#act.out(this.#things[index]?.at);
      else if (event.shiftKey && step) this.#act[step > 0 ? "later" : "earlier"]();
      else if (step) this.#focus(this.#things[index + step]);
      else if (turn) this.#focus(this.#above(this.#things[index], turn));
      else if (end !== undefined) this.#focus(this.#things[end]);
      else if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
    });
    this.#svg.addEventListener("focusin", ({ target }) => {
      const thing = this.#of(target);
      if (!thing) return;
      this.#focused = thing.key;
      this.#rove(false);
      this.#point(thing);
    });
  }

  #heedPointer() {
    const svg = this.#svg;
    let held = null;
    svg.addEventListener("pointerover", ({ target }) => {
      const thing = this.#of(target);
      if (thing) this.#point(thing);
    });
    svg.addEventListener("pointerdown", (event) => {
      if (event.button || this.#of(event.target)) return;
      held = { x: event.clientX, window: this.#window };
      svg.setPointerCapture(event.pointerId);
    });
    svg.addEventListener("pointermove", (event) => {
      if (!held) return;
      const part = (held.x - event.clientX) / this.#unit / timeWidth(this.#size.width);
      if (part) this.#go(held.window.shifted(part));
    });
    for (const end of ["pointerup", "pointercancel"]) {
      svg.addEventListener(end, () => (held = null));
    }
    svg.addEventListener("wheel", (event) => {
      const { width } = this.#size;
      if (event.ctrlKey || event.metaKey) {
        const left = svg.getBoundingClientRect().left;
        const x = timeX((event.clientX - left) / this.#unit);
        const factor = Math.exp(event.deltaY / 200);
        this.#go(this.#window.zoomed(factor, this.#window.at(x, timeWidth(width))));
      } else if (event.deltaX || event.shiftKey) {
        this.#go(this.#window.shifted((event.deltaX || event.deltaY) / width));
      } else return;
      event.preventDefault();
    }, { passive: false });
  }

  #of(element) {
    const key = element.closest?.("[data-key]")?.dataset.key;
    return this.#things.find((thing) => thing.key === key);
  }

  /** The nearest in time on the next lane that has anything. */
  #above(thing, turn) {
    if (!thing) return undefined;
    const others = this.#things.filter(({ y }) => (y - thing.y) * turn > 0);
    const next = Math.min(...others.map(({ y }) => Math.abs(y - thing.y)));
    const lane = others.filter(({ y }) => Math.abs(y - thing.y) === next);
    return lane.sort((a, b) => Math.abs(a.at - thing.at) - Math.abs(b.at - thing.at))[0];
  }

  #focus(thing) {
    thing?.element.focus();
  }

  /** One thing of all is in the order of the tab key: the last that was focused, or the newest. */
  #rove(takesFocus) {
    const chosen = this.#things.find(({ key }) => key === this.#focused) ?? this.#things.at(-1);
    for (const { element } of this.#things) element.setAttribute("tabindex", -1);
    chosen?.element.setAttribute("tabindex", 0);
    if (takesFocus) chosen?.element.focus({ preventScroll: true });
  }

  /** Describes what the pointer is on; the newest record until then. */
  #point(thing) {
    this.#isReading = true;
    this.#read(thing);
  }

  #read({ what, span, records, kind, bars, port, key }) {
    const place = document.getElementById("record");
    const state = `${key} ${records.length}`;
    if (place.dataset.state === state) return;
    place.dataset.state = state;
    const title = document.createElement("p");
    const name = document.createElement("strong");
    name.textContent = bars ? what : `${what} · ${port}`;
    const when = document.createElement("span");
    when.className = "quiet";
    const lasted = bars?.length === 1 ? ` (${duration(bars[0].to - bars[0].from)})` : "";
    when.textContent = (records.length > 1 || bars ? span : second(records[0].ts)) + lasted;
    title.append(sign(kind), name, " ", when);
    const lines = records.slice(-SHOWN).reverse().map((record) => {
      const line = document.createElement("p");
      line.textContent = sentence(record);
      return line;
    });
    if (records.length > SHOWN) {
      lines.at(-1).append(" ", say("timeline.and_more", { count: records.length - SHOWN }));
    }
    place.replaceChildren(title, ...lines);
  }
}
