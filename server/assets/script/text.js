// What is said, in the language of the page. The texts are the very ones that the page is made of.

export const language = document.documentElement.lang;

/** How this person writes times and numbers: the browser's own manner of that language. */
export const locale =
  navigator.languages.find((tag) => tag.split("-")[0] === language.split("-")[0]) ?? language;

const { default: texts } = await import(`../text/${language}.js`);

/** The text of a key with its {places} filled in. */
export function say(key, values = {}) {
  const text = texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (place, name) => values[name] ?? place);
}

/** Whether there is a text of this key. */
export function has(key) {
  return key in texts;
}

/** `docker-proxy (pid 812, user root)`, leaving out what is unknown. */
export function holder(holder) {
  if (!holder) return say("holder.unseen");
  const { pid, user } = holder;
  if (!holder.name && !pid && user) return say("holder.of_user", { user });
  const name = holder.name ?? say("holder.unknown");
  const facts = [];
  if (pid) facts.push(say("holder.pid", { pid }));
  if (user) facts.push(say("holder.user", { user }));
  if (!facts.length) return name;
  return say("holder.facts", { name, facts: facts.join(say("list.and")) });
}

/** What stands in the way of a port, without a full stop. */
export function conflict(port, kind, found) {
  const key = has(`class.${kind}`) ? `class.${kind}` : "class.unknown";
  return say(key, { port, holder: holder(found) });
}

/** Shows a message for a while; screen readers announce it. */
export function tell(text) {
  const said = document.getElementById("said");
  const sentence = document.createElement("span");
  sentence.textContent = text;
  said.replaceChildren(sentence);
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => said.replaceChildren(), 12_000);
}
