// Whether a port could be had, said while it is typed.

import { Problem, ask } from "./api.js";
import { conflict, has, say } from "./text.js";

/** How long nothing must have been typed. */
const PAUSE = 250;

/** The port that a text means: null for none, NaN for what is no port. */
export function port(text) {
  const typed = text.trim();
  if (!typed) return null;
  const number = /^\d{1,5}$/.test(typed) ? Number(typed) : NaN;
  return number >= 1 && number <= 65_535 ? number : NaN;
}

/** Says something beside a field: a `hint`, something `good`, `busy` or `bad`. */
export function note(input, kind, text) {
  const place = document.getElementById(input.getAttribute("aria-describedby"));
  place.dataset.kind = kind;
  place.textContent = kind === "hint" ? place.dataset.hint : text;
  if (kind === "bad") input.setAttribute("aria-invalid", "true");
  else input.removeAttribute("aria-invalid");
}

/** Checks what is typed into `input`, and says beside it what came of it. */
export function checkWhileTyping(input) {
  let timer;
  let asking;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    asking?.abort();
    const number = port(input.value);
    if (number === null) return note(input, "hint");
    if (Number.isNaN(number)) return note(input, "bad", say("check.not_a_port"));
    timer = setTimeout(() => {
      asking = new AbortController();
      check(input, number, asking.signal);
    }, PAUSE);
  });
  input.form.addEventListener("reset", () => {
    clearTimeout(timer);
    asking?.abort();
  });
}

async function check(input, number, signal) {
  note(input, "busy", say("check.checking", { port: number }));
  try {
    const { body } = await ask(`ports/${number}`, { signal });
    const [kind, text] = verdict(body);
    note(input, kind, text);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof Problem)) throw error;
    const detail = error.message || say("action.unreachable");
    note(input, "busy", say("check.failed", { detail }));
  }
}

/** The answer in words. A port that is taken is no mistake of the person: it may be free by
 * the time it is needed. One that can never be used is. */
function verdict({ port, verdict, class: kind, holder, remarks = [] }) {
  switch (verdict) {
    case "ours":
      return ["good", say("check.ours", { port })];
    case "free": {
      // What the port is to the app, and whether it is of the range, is nothing to mind.
      const grave = remarks.filter(({ word }) => has(`class.${word}`));
      if (!grave.length) return ["good", say("check.free", { port })];
      const remark = grave.map(({ word }) => conflict(port, word));
      return ["mind", say("check.free_but", { port, remark: remark.join(say("list.and")) })];
    }
    default: {
      const why = say("check.no", { why: conflict(port, kind, holder) });
      return [verdict === "refused" ? "bad" : "mind", why];
    }
  }
}
