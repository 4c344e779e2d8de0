// Move, restart, stop: what will happen is said in a dialog before it does.

import { Problem, order } from "./api.js";
import { checkWhileTyping, note, port } from "./check.js";
import { say, tell } from "./text.js";

const portField = document.getElementById("move-port");

/** What a dialog orders; null if what was typed is wrong. */
const orders = {
  move() {
    const number = port(portField.value);
    if (!Number.isNaN(number)) return { port: number };
    note(portField, "bad", say("check.not_a_port"));
    portField.focus();
    return null;
  },
  restart: () => ({}),
  stop: () => ({}),
};

/** Brings the buttons and their dialogs to life. */
export function start() {
  checkWhileTyping(portField);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-open], button[data-move]");
    if (button) open(button.dataset.open ?? "move", button.dataset.move);
  });
  for (const dialog of document.querySelectorAll("dialog")) {
    dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
    dialog.querySelector("form").addEventListener("submit", (event) => {
      event.preventDefault();
      act(dialog);
    });
  }
}

function open(name, target) {
  const dialog = document.getElementById(name);
  dialog.querySelector(".problem").textContent = "";
  if (name === "move") {
    portField.value = target ?? "";
    portField.dispatchEvent(new Event("input"));
  }
  dialog.showModal();
}

async function act(dialog) {
  const body = orders[dialog.id]();
  if (!body) return;
  const problem = dialog.querySelector(".problem");
  const button = dialog.querySelector("[type=submit]");
  button.disabled = true;
  problem.textContent = "";
  try {
    await order(dialog.id, body);
    dialog.close();
    // Of a restart or a stop the server itself gives notice, which may be sooner than its answer.
    if (dialog.id === "move") tell(say("move.running"));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const detail = error.message || say("action.unreachable");
    problem.textContent = say("action.failed", { detail });
  } finally {
    button.disabled = false;
  }
}
