// The port history as far as it has been read: newest first, page by page, each record once.

import { ask } from "./api.js";

/** How many records a page has, and how many are kept: more than a screen can show of them. */
const PAGE = 1000;
const MOST = 20_000;

/** What is known of the history. */
export class Records {
  /** Oldest first. */
  all = [];
  /** How many lines could not be read. */
  broken = 0;
  /** Whether there is more than has been read. */
  hasMore = true;

  #seen = new Set();

  /** Reads on until the history is exhausted or enough is known; calls `grown` after each page. */
  async read(grown) {
    let cursor = null;
    do {
      const query = new URLSearchParams({ limit: PAGE });
      if (cursor) query.set("cursor", cursor);
      const { body } = await ask(`history?${query}`);
      this.#add(body.records);
      this.broken = Math.max(this.broken, body.broken_lines ?? 0);
      cursor = body.next;
      this.hasMore = Boolean(cursor);
      grown();
    } while (cursor && this.all.length < MOST);
  }

  /** One more has just been written. */
  add(record) {
    this.#add([record]);
  }

  #add(records) {
    const fresh = records.filter((record) => !this.#seen.has(name(record)));
    if (!fresh.length) return;
    for (const record of fresh) {
      record.at = Date.parse(record.ts);
      this.#seen.add(name(record));
    }
    this.all = [...fresh, ...this.all].sort((a, b) => a.at - b.at || a.seq - b.seq);
  }
}

/** What tells a record from every other. */
const name = ({ launch_id, process, pid, seq }) => `${launch_id} ${process} ${pid} ${seq}`;
