// The picture: lanes for ports, bars for launches, marks for what happened. It decides where things
// are drawn; what they are is the story's, and what is done with them the timeline's.

import { say } from "../text.js";
import { moment } from "../time.js";
import { all, shape } from "./kinds.js";

/** The room for the ports on the left and the times below. */
const LEFT = 62;
const RIGHT = 14;
const TOP = 10;
const BELOW = 26;

/** The greatest height of a lane: farther apart, they would not be read together. */
const HIGH = 60;

/** Marks nearer than this are drawn as one: there is room for the number of two digits. */
const NEAR = 22;

const create = (name, attributes = {}, ...content) => {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...content);
  return element;
};

/** The sign of a kind, as the legend shows it. */
export function sign(kind) {
  const attributes = { viewBox: "-9 -9 18 18", width: 18, height: 18, "aria-hidden": "true" };
  return create("svg", attributes, create("path", { class: `k-${kind}`, d: shape(kind) }));
}

/** The width that time has in a picture this wide. */
export const timeWidth = (width) => Math.max(width - LEFT - RIGHT, 1);

/** Where in the picture's time a point of it is. */
export const timeX = (x) => x - LEFT;

/** Draws into `svg`. Returns the things that can be pointed at, each with its element. */
export function draw(svg, story, window, { width, height, now }) {
  const inner = timeWidth(width);
  const count = story.lanes.own.length + (story.lanes.shared.length ? 1 : 0);
  const tall = Math.min(HIGH, (height - TOP - BELOW) / count);
  const top = TOP + (height - TOP - BELOW - count * tall) / 2;
  const base = top + count * tall;
  const x = (at) => LEFT + window.x(at, inner);
  const lane = (port) => {
    const own = story.lanes.own.indexOf(port);
    return top + ((own < 0 ? count - 1 : own) + 0.5) * tall;
  };
  const clamp = (at) => Math.min(Math.max(x(at), LEFT), LEFT + inner);
  const place = { x, clamp, lane, top, base, inner };

  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  const things = [...bars(story, window, place), ...marks(story, window, place)];
  svg.replaceChildren(
    grid(story, window, place),
    ...moves(story, window, place),
    present(now, window, place),
    ...things.map((thing) => thing.element),
  );
  return things.sort((a, b) => a.at - b.at || a.y - b.y);
}

function grid(story, window, { x, lane, top, base, inner }) {
  const group = create("g", { class: "grid", "aria-hidden": "true" });
  for (const { at, text, strong } of window.ticks(inner)) {
    const place = x(at);
    group.append(create("line", { x1: place, x2: place, y1: top, y2: base }));
    const words = { x: place, y: base + 17, class: strong ? "strong" : "" };
    // Words that would be cut at the edge are left out.
    if (place < LEFT + inner - RIGHT) group.append(create("text", words, text));
  }
  const names = story.lanes.own.map((port) => [port, port]);
  if (story.lanes.shared.length) names.push([story.lanes.shared[0], say("timeline.other")]);
  for (const [index, [port, name]] of names.entries()) {
    const y = lane(port);
    group.append(create("line", { class: "lane", x1: LEFT, x2: LEFT + inner, y1: y, y2: y }));
    const words = { x: LEFT - 12, y: y + 4, class: index ? "port" : "port here" };
    group.append(create("text", words, String(name)));
  }
  return group;
}

function present(now, window, { x, top, base }) {
  if (now < window.from || now > window.to) return "";
  return create("line", { class: "present", x1: x(now), x2: x(now), y1: top - 4, y2: base });
}

function moves(story, window, { x, lane }) {
  // Of arrows that would lie on one another, one is drawn.
  const seen = new Map();
  for (const { at, from, to } of story.moves) {
    if (at < window.from || at > window.to) continue;
    seen.set(`${lane(from)} ${lane(to)} ${Math.floor(x(at) / NEAR)}`, { at, from, to });
  }
  return [...seen.values()].map(({ at, from, to }) => {
    const [start, end] = [lane(from), lane(to)];
    const tip = end > start ? -1 : 1;
    const d = `M${x(at)} ${start}V${end + tip * 9}m-4 ${tip * 5}l4 ${tip * -5}l4 ${tip * 5}`;
    return create("path", { class: "move", d, "aria-hidden": "true" });
  });
}

/** Bars that would run into one another are one bar. */
function bars(story, window, place) {
  const shown = story.bars.filter(({ from, to }) => to >= window.from && from <= window.to);
  const merged = [];
  const last = new Map();
  for (const bar of shown.sort((a, b) => a.from - b.from)) {
    const y = place.lane(bar.port);
    const [start, end] = [place.clamp(bar.from), Math.max(place.clamp(bar.to), place.clamp(bar.from) + 3)];
    const before = last.get(y);
    if (before && start - before.end < 1 && before.end - before.start < NEAR) {
      before.bars.push(bar);
      before.end = Math.max(before.end, end);
    } else {
      const one = { y, start, end, bars: [bar] };
      merged.push(one);
      last.set(y, one);
    }
  }
  return merged.map(({ y, start, end, bars }) => {
    const [first, newest] = [bars[0], bars.at(-1)];
    const { port, runs } = newest;
    const what = say(bars.length > 1 ? "timeline.launches" : "timeline.launch", {
      port,
      count: bars.length,
    });
    const span = runs
      ? say("timeline.span_now", { from: moment(first.from) })
      : say("timeline.span", { from: moment(first.from), to: moment(newest.to) });
    const rect = { x: start, y: y - 7, width: end - start, height: 14, rx: Math.min(7, (end - start) / 2) };
    const attributes = { class: runs ? "thing bar runs" : "thing bar" };
    const records = bars.flatMap((bar) => bar.records);
    const key = `bar ${first.launch} ${port} ${first.from}`;
    return thing({ key, y, at: first.from, what, span, records, kind: "launch", bars }, attributes,
      create("rect", rect));
  });
}

function marks(story, window, { x, lane }) {
  const seen = story.marks.filter(({ at }) => at >= window.from && at <= window.to);
  const clusters = [];
  const last = new Map();
  for (const mark of seen) {
    const [place, y] = [x(mark.at), lane(mark.port)];
    const before = last.get(y);
    if (before && place - before.x < NEAR) {
      before.marks.push(mark);
    } else {
      const one = { x: place, y, marks: [mark] };
      clusters.push(one);
      last.set(y, one);
    }
  }
  return clusters.map(({ x, y, marks }) => {
    const [first, newest] = [marks[0], marks.at(-1)];
    const kind = all.find((kind) => marks.some((mark) => mark.kind === kind));
    const count = marks.length;
    const what = say(`kind.${kind}`) + (count > 1 ? ` × ${count}` : "");
    const span = count > 1
      ? say("timeline.span", { from: moment(first.at), to: moment(newest.at) })
      : moment(first.at);
    const content = [create("path", { class: `k-${kind}`, d: shape(kind) })];
    // What is only drawn with lines gets a ground of its own, so that it shows on a bar.
    if (["crash", "restart"].includes(kind)) content.unshift(create("circle", { class: "ground", r: 9 }));
    if (count > 1) {
      const words = { class: "count", x: 7, y: -9 };
      content.push(create("text", words, String(count)));
    }
    // A place to point at that is larger than what is seen.
    content.unshift(create("circle", { class: "reach", r: 12 }));
    const key = `mark ${first.record.launch_id} ${first.record.seq}`;
    const records = marks.map((mark) => mark.record);
    const port = newest.port;
    const attributes = { class: "thing mark", transform: `translate(${x} ${y})` };
    return thing({ key, y, at: first.at, what, span, records, kind, port }, attributes, ...content);
  });
}

/** Something to point at, to focus, and to read. */
function thing(about, attributes, ...content) {
  const port = about.port ?? about.bars.at(-1).port;
  const label = say("timeline.mark", { what: about.what, port, when: about.span });
  const element = create("g", {
    ...attributes,
    tabindex: -1,
    role: "button",
    "aria-label": about.bars ? `${about.what}${say("list.and")}${about.span}` : label,
    "data-key": about.key,
  }, ...content);
  return { ...about, port, element };
}
