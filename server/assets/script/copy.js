// Buttons that copy a text.

import { say, tell } from "./text.js";

/** Heeds every such button, now and later. */
export function heedCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("button[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      tell(say("copy.done"));
    } catch {
      tell(say("copy.not_done"));
    }
  });
}
