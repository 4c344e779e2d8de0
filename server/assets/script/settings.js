// The settings: edited, saved whole, and never over another change without asking.

import { Problem, ask } from "./api.js";
import { checkWhileTyping, note } from "./check.js";
import { read, same, typed } from "./form.js";
import { askWhichToKeep, forgetQuestion } from "./stale.js";
import { say } from "./text.js";

const form = document.getElementById("settings-form");
const fields = form ? [...form.querySelectorAll("input[name], select[name]")] : [];

/** The settings as the file has them, and the mark of that state of the file. */
let known = {};
let etag = null;

/** Brings the form to life. */
export async function start() {
  if (!form) return;
  checkWhileTyping(form.elements.port);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    show(known);
    tell("");
  });
  for (const field of fields) {
    if (field.name !== "port") field.addEventListener("input", () => note(field, "hint"));
  }
  heedPinning();
  await load();
}

/** The file may have changed: shows it where nothing is being edited. */
export async function load() {
  if (!form) return;
  const answer = await ask("settings").catch(() => null);
  if (!answer) return;
  const edited = etag !== null && isEdited();
  // What is being edited stays; that the file has changed is found when it is saved.
  if (edited) return;
  take(answer);
}

function take({ body, etag: mark }) {
  [known, etag] = [body.settings, mark];
  show(known);
}

function show(settings) {
  forgetQuestion();
  for (const field of fields) {
    field.value = typed(settings[field.name]);
    note(field, "hint");
  }
}

const isEdited = () => fields.some((field) => field.value.trim() !== typed(known[field.name]));

/** What is in the form, over what the file has; null if a field is wrong. */
function wished() {
  const settings = { ...known };
  let wrong = null;
  for (const field of fields) {
    try {
      settings[field.name] = read(field);
    } catch (problem) {
      if (typeof problem !== "string") throw problem;
      note(field, "bad", problem);
      wrong ??= field;
    }
  }
  wrong?.focus();
  return wrong ? null : settings;
}

async function save() {
  forgetQuestion();
  tell("");
  const settings = wished();
  if (!settings) return tell(say("settings.wrong"));
  if (fields.every(({ name }) => same(settings[name], known[name]))) {
    return tell(say("settings.unchanged"));
  }
  try {
    take(await ask("settings", { method: "PUT", body: settings, etag }));
    tell(say("settings.saved"));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    await refused(error, settings);
  }
}

async function refused(problem, settings) {
  if (problem.status === 412) return choose(settings);
  const field = form.elements[problem.field];
  if (!field) {
    const detail = problem.message || say("action.unreachable");
    return tell(say("action.failed", { detail }));
  }
  note(field, "bad", say("settings.wrong_here", { detail: problem.message }));
  field.focus();
  tell(say("settings.wrong"));
}

/** Another change was saved first. Both are shown side by side; only what was edited here is
 * ours, so that saving it takes back nothing that they did elsewhere. */
async function choose(settings) {
  const theirs = await ask("settings").catch(() => null);
  if (!theirs) return tell(say("action.unreachable"));
  const edited = fields.map(({ name }) => name).filter((n) => !same(settings[n], known[n]));
  const mine = { ...theirs.body.settings };
  for (const name of edited) mine[name] = settings[name];
  askWhichToKeep(mine, theirs.body.settings, {
    keep() {
      [known, etag] = [theirs.body.settings, theirs.etag];
      for (const field of fields) field.value = typed(mine[field.name]);
      save();
    },
    take() {
      take(theirs);
      tell("");
    },
  });
}

/** "Make it the home port" fills the field in; saving it is left to the person. */
function heedPinning() {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-pin]");
    if (!button) return;
    const field = form.elements.port;
    field.value = button.dataset.pin;
    field.dispatchEvent(new Event("input"));
    field.focus();
  });
}

function tell(text) {
  document.getElementById("settings-said").textContent = text;
}
