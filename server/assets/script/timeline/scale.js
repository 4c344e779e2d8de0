// Time along the width: what is in view, and where the ticks stand.

import { locale } from "../text.js";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The spans to choose from; `all` is as long as there are records. */
export const SPANS = { "1h": HOUR, "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY };

/** The shortest time that fills the width: below it there is nothing more to see. */
const LEAST = MINUTE;

/** The room that a tick needs for its words. */
const ROOM = 72;

const STEPS = [1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE)
  .concat([1, 2, 3, 6, 12].map((hours) => hours * HOUR))
  .concat([1, 2, 7, 14, 30, 61, 91, 182, 365].map((days) => days * DAY));

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const month = new Intl.DateTimeFormat(locale, { month: "short", year: "numeric" });
const date = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short" });

/** A stretch of time that is in view, between the first record and now. */
export class Window {
  constructor(from, to) {
    Object.assign(this, { from, to });
  }

  /** The last `span` before `now`, with a little room for the present. */
  static until(now, span) {
    return new Window(now - span, now + span / 40);
  }

  get length() {
    return this.to - this.from;
  }

  /** By a part of its length: positive is later. */
  shifted(part) {
    const by = this.length * part;
    return new Window(this.from + by, this.to + by);
  }

  /** Shorter or longer by `factor`, with `at` staying where it is. */
  zoomed(factor, at = (this.from + this.to) / 2) {
    const by = Math.max(factor, LEAST / this.length);
    return new Window(at - (at - this.from) * by, at + (this.to - at) * by);
  }

  /** Not beyond what there is: `first` to `now`, and some air. */
  within(first, now) {
    const air = Math.max((now - first) / 40, LEAST);
    const [from, to] = [first - air, now + air];
    const length = Math.min(this.length, to - from);
    const start = Math.min(Math.max(this.from, from), to - length);
    return new Window(start, start + length);
  }

  /** Where a moment is on `width`. */
  x(at, width) {
    return ((at - this.from) / this.length) * width;
  }

  /** The moment at a place on `width`. */
  at(x, width) {
    return this.from + (x / width) * this.length;
  }

  /** The ticks on `width`: round times of the browser's zone, with their words. */
  ticks(width) {
    const least = (this.length / Math.max(width, ROOM)) * ROOM;
    const step = STEPS.find((step) => step >= least) ?? STEPS.at(-1);
    const ticks = [];
    const midnight = new Date(this.from);
    midnight.setHours(0, 0, 0, 0);
    const next = (count) =>
      step < DAY
        ? midnight.getTime() + count * step
        : new Date(midnight).setDate(midnight.getDate() + (count * step) / DAY);
    for (let count = 0, at = next(0); at <= this.to; at = next(++count)) {
      const isMidnight = new Date(at).getHours() === 0 && new Date(at).getMinutes() === 0;
      const words = step > 31 * DAY ? month : isMidnight ? date : clock;
      if (at >= this.from) ticks.push({ at, text: words.format(at), strong: isMidnight });
    }
    return ticks;
  }
}
