// Times in the zone and the manner of the browser.

import { locale, say } from "./text.js";

const at = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "medium" });

/** A moment to the minute. */
export const moment = (time) => at.format(new Date(time));

/** A moment to the second. */
export const second = (time) => exact.format(new Date(time));

/** Makes every time below `root`, which the server wrote in UTC, one of this zone. */
export function localise(root) {
  for (const element of root.querySelectorAll("time[datetime]")) {
    element.title = element.dateTime;
    element.textContent = moment(element.dateTime);
  }
}

/** How long, in one unit: the largest of which there are two at least. */
export function duration(milliseconds) {
  const units = [["days", 864e5], ["hours", 36e5], ["minutes", 6e4], ["seconds", 1e3]];
  const [unit, length] = units.find(([, length]) => milliseconds >= 2 * length) ?? units[3];
  return say(`timeline.${unit}`, { count: Math.round(milliseconds / length) });
}
