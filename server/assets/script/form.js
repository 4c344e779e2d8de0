// The settings between the form, where everything is text, and the API.

import { port } from "./check.js";
import { say } from "./text.js";

/** What a field's text means. Throws what is wrong with it, in words. */
const readers = {
  port(text) {
    const number = port(text);
    if (Number.isNaN(number)) throw say("check.not_a_port");
    return number;
  },
  range(text) {
    if (!/^\d+\s*-\s*\d+$/.test(text)) throw say("settings.not_range");
    return text.replace(/\s/g, "");
  },
  avoid(text) {
    const entries = text.split(/[,，、]/).map((entry) => entry.trim()).filter(Boolean);
    return entries.map((entry) => {
      if (/^\d+$/.test(entry)) return Number(entry);
      if (/^\d+\s*-\s*\d+$/.test(entry)) return entry.replace(/\s/g, "");
      throw say("settings.not_avoid");
    });
  },
  ready_timeout: time,
  redirect_for: time,
  open_browser: yes,
  start_at_login: yes,
};

function yes(text) {
  return text === "true";
}

function time(text) {
  if (!/^(\d+(\.\d+)?\s*[a-zµ]+\s*)+$/i.test(text)) throw say("settings.not_time");
  return text;
}

/** The value of a field; null if it is empty. */
export function read(field) {
  const text = field.value.trim();
  if (!text) return null;
  return readers[field.name]?.(text) ?? text;
}

/** A value as it is typed. */
export function typed(value) {
  if (value === null || value === undefined) return "";
  // A range of one port is that port.
  if (Array.isArray(value)) return value.join(", ").replace(/\b(\d+)-\1\b/g, "$1");
  return String(value);
}

/** Whether two values are the same setting; an empty list is as good as none. */
export const same = (a, b) => typed(a) === typed(b);
