// Parts of the page that the server puts into words: they are fetched anew, as they are.

import { localise } from "./time.js";

let waiting;

/** Fetches the parts anew, once for all who ask within a moment. */
export function renew() {
  clearTimeout(waiting);
  waiting = setTimeout(fetchParts, 250);
}

async function fetchParts() {
  const response = await fetch(location.pathname, { redirect: "manual" }).catch(() => null);
  if (!response?.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const part of document.querySelectorAll("[data-part]")) {
    const other = fresh.getElementById(part.id);
    if (other) replace(part, other);
  }
}

/** Puts `fresh` in the place of `part`, unless it says the same. The focus stays where it was. */
function replace(part, fresh) {
  localise(fresh);
  if (part.innerHTML === fresh.innerHTML) return;
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const order = focused && [...part.querySelectorAll("a, button")].indexOf(focused);
  part.replaceChildren(...fresh.childNodes);
  if (focused) part.querySelectorAll("a, button")[order]?.focus();
}
