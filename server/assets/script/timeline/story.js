// What the records amount to: who was on which port for how long, and what happened there.

import { EVENT, MOVE, PROCESS } from "../words.js";
import { kindOf } from "./kinds.js";

/** How many ports have a lane of their own; the others share the last one. */
const LANES = 7;

/** What becomes of `records`, oldest first. `running` is the launch that still runs, at `now`. */
export function tell(records, { running, now, port }) {
  const story = new Story();
  for (const record of records) story.add(record);
  return story.end(running, now, port);
}

class Story {
  #launches = new Map();
  #bars = [];
  #marks = [];
  #moves = [];

  add(record) {
    const launch = this.#launch(record);
    launch.last = record.at;
    launch.launched ||= record.process === PROCESS.LAUNCHER;
    switch (record.event) {
      case EVENT.PORT_CONFLICT:
        return this.#mark(kindOf(record), record.port, record);
      case EVENT.SERVER_READY:
        if (launch.ready === record.port) this.#mark("restart", record.port, record);
        launch.ready = record.port;
        return this.#occupy(launch, record);
      case EVENT.PORT_CLAIMED:
      case EVENT.PORT_RESERVED:
      case EVENT.SERVER_SPAWNED:
      case EVENT.SERVER_LISTENING:
        return this.#occupy(launch, record);
      case EVENT.PORT_MOVED:
        return this.#move(launch, record);
      case EVENT.SERVER_EXITED:
        return this.#exited(launch, record);
      case EVENT.PORT_RELEASED:
        // Under a launcher a server lets go of its port at each restart, and the launcher does not.
        if (record.process === PROCESS.LAUNCHER || !launch.launched) this.#leave(launch, record);
        return;
      case EVENT.LAUNCH_STOPPED:
      case EVENT.LAUNCH_FAILED:
      case EVENT.LAUNCH_GAVE_UP:
        if (record.event === EVENT.LAUNCH_GAVE_UP) this.#exited(launch, record);
        for (const port of [...launch.on.keys()]) this.#leave(launch, { ...record, port });
    }
  }

  #launch({ launch_id, at }) {
    if (!this.#launches.has(launch_id)) {
      this.#launches.set(launch_id, { id: launch_id, on: new Map(), last: at, port: null });
    }
    return this.#launches.get(launch_id);
  }

  #occupy(launch, record) {
    const { port, at } = record;
    launch.port = port;
    let bar = launch.on.get(port);
    if (!bar) {
      bar = { port, from: at, to: null, launch: launch.id, records: [] };
      launch.on.set(port, bar);
      this.#bars.push(bar);
    }
    bar.records.push(record);
  }

  #leave(launch, record) {
    const bar = launch.on.get(record.port);
    if (!bar) return;
    bar.to = record.at;
    bar.records.push(record);
    launch.on.delete(record.port);
  }

  #move(launch, record) {
    this.#moves.push({ ...record, record });
    if (record.why === MOVE.ASKED) this.#leave(launch, { ...record, port: record.from });
  }

  #exited(launch, record) {
    // Version 0.1.0 did not record the port of the server that ended.
    const port = record.port ?? launch.port;
    if (record.exit_code !== 0 && port) this.#mark("crash", port, record);
  }

  #mark(kind, port, record) {
    this.#marks.push({ kind, port, at: record.at, record });
  }

  /** A launch of which the end is not known lasted at least until its last record. */
  end(running, now, port) {
    for (const launch of this.#launches.values()) {
      for (const bar of launch.on.values()) {
        bar.runs = launch.id === running;
        bar.to = bar.runs ? now : launch.last;
      }
    }
    const lanes = this.#lanes(port);
    return { lanes, bars: this.#bars, marks: this.#marks, moves: this.#moves };
  }

  /** The ports, the present one first, then those with the most recent news. */
  #lanes(present) {
    const news = new Map([[present, Infinity]]);
    const hear = (port, at) => news.set(port, Math.max(news.get(port) ?? 0, at));
    for (const { port, to } of this.#bars) hear(port, to);
    for (const { port, at } of this.#marks) hear(port, at);
    const ports = [...news].sort((a, b) => b[1] - a[1]).map(([port]) => port);
    const fits = ports.length <= LANES ? LANES : LANES - 1;
    return { own: ports.slice(0, fits), shared: ports.slice(fits) };
  }
}
