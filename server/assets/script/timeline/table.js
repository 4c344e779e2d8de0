// The same as a table: for screen readers, and for reading on.

import { say } from "../text.js";
import { second } from "../time.js";
import { sentence } from "./words.js";

/** How many rows are added at a time. */
const STEP = 100;

/** The records of what is in view, newest first, as many as were asked for. */
export class Table {
  #details = document.getElementById("as-table");
  #rows = document.getElementById("records");
  #more = document.getElementById("more");
  #records = [];
  #shown = STEP;

  constructor() {
    this.#details.addEventListener("toggle", () => this.#draw());
    this.#more.addEventListener("click", () => {
      this.#shown += STEP;
      this.#draw();
    });
  }

  /** These are the records now, oldest first. */
  show(records) {
    this.#records = records;
    this.#draw();
  }

  #draw() {
    if (!this.#details.open) return;
    const newest = this.#records.slice(-this.#shown).reverse();
    this.#rows.replaceChildren(...newest.map(row));
    if (!newest.length) this.#rows.append(row({ text: say("timeline.empty") }));
    this.#more.hidden = this.#records.length <= this.#shown;
  }
}

function row(record) {
  const row = document.createElement("tr");
  const time = document.createElement("time");
  if (record.ts) [time.dateTime, time.textContent] = [record.ts, second(record.ts)];
  const port = record.port ?? record.to;
  const text = record.text ?? sentence(record);
  for (const content of [time, record.event && port ? port : "", text, record.event ?? ""]) {
    row.insertCell().append(content);
  }
  return row;
}
