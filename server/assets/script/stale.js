// The question which settings to keep, when another page or program changed them in the meantime.

import { same, typed } from "./form.js";
import { say } from "./text.js";

const place = document.getElementById("stale");

/** Lays both side by side where they differ, and calls `keep` or `take`. */
export function askWhichToKeep(mine, theirs, { keep, take }) {
  const text = document.createElement("p");
  text.textContent = say("settings.stale");
  const buttons = document.createElement("p");
  buttons.className = "buttons";
  buttons.append(button("settings.stale.keep", keep), button("settings.stale.take", take));
  place.replaceChildren(text, table(mine, theirs), buttons);
  place.hidden = false;
  place.setAttribute("role", "group");
  place.setAttribute("aria-label", text.textContent);
  buttons.firstChild.focus();
}

/** It has been answered, or is out of date. */
export function forgetQuestion() {
  if (!place) return;
  place.hidden = true;
  place.replaceChildren();
}

function table(mine, theirs) {
  const table = document.createElement("table");
  const heads = ["settings.stale.setting", "settings.stale.yours", "settings.stale.theirs"];
  const head = table.createTHead().insertRow();
  for (const key of heads) head.append(cell("th", say(key), "col"));
  const body = table.createTBody();
  for (const key of Object.keys({ ...theirs, ...mine })) {
    if (same(mine[key], theirs[key])) continue;
    const row = body.insertRow();
    row.append(cell("th", say(`settings.${key}`), "row"));
    for (const side of [mine, theirs]) {
      row.append(cell("td", typed(side[key]) || say("settings.stale.unset")));
    }
  }
  return table;
}

function cell(kind, text, scope) {
  const cell = document.createElement(kind);
  cell.textContent = text;
  if (scope) cell.scope = scope;
  return cell;
}

function button(key, act) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = say(key);
  button.addEventListener("click", act);
  return button;
}
