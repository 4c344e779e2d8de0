// The settings between the form, where everything is text, and the API.

import { port } from "./check.js";
import { say } from "./text.js";

/** What the text of a field means, by the kind of the setting. Throws what is wrong with it, in words. */
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
  ports(text) {
    const entries = text.split(/[,，、]/).map((entry) => entry.trim()).filter(Boolean);
    return entries.map((entry) => {
      if (/^\d+$/.test(entry)) return Number(entry);
      if (/^\d+\s*-\s*\d+$/.test(entry)) return entry.replace(/\s/g, "");
      throw say("settings.not_avoid");
    });
  },
  names(text) {
    return text.split(/[,，、\s]/).map((name) => name.trim()).filter(Boolean);
  },
  time(text) {
    if (!/^(\d+(\.\d+)?\s*[a-zµ]+\s*)+$/i.test(text)) throw say("settings.not_time");
    return text;
  },
  boolean(text) {
    return text === "true";
  },
};

/** The value of a field; null if it is empty. */
export function read(field) {
  const text = field.value.trim();
  if (!text) return null;
  return readers[field.dataset.kind]?.(text) ?? text;
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
