// A record in words.

import { conflict, has, say } from "../text.js";
import { EVENT, RESTART } from "../words.js";

/** One sentence. What this version does not know is named as the record names it. */
export function sentence(record) {
  const { event } = record;
  switch (event) {
    case EVENT.PORT_CONFLICT: {
      const why = conflict(record.port, record.class, record.holder);
      return say("event.port_conflict", { why });
    }
    case EVENT.PORT_CLAIMED:
    case EVENT.PORT_RESERVED:
      return say(`event.${event}`, { port: record.port, origin: say(`origin.${record.origin}`) });
    case EVENT.PORT_MOVED:
      return say(`event.port_moved.${record.why}`, record);
    case EVENT.SETTINGS_CHANGED: {
      const value = (text) => text ?? say("settings.stale.unset");
      const { key, from, to } = record;
      return say("event.settings_changed", { key, from: value(from), to: value(to) });
    }
    case EVENT.SERVER_RESTARTING:
      return say(`event.${event}.${record.why ?? RESTART.FAILED}`, { how: how(record) });
    case EVENT.SERVER_EXITED:
      if (record.error) return say("event.server_exited.not_started", record);
      return say(`event.${event}`, { how: how(record) });
    case EVENT.LAUNCH_GAVE_UP:
    case EVENT.LAUNCH_STOPPED:
    case EVENT.PORT_RELEASED: {
      const key = `event.${event}.${record.why ?? record.reason}`;
      return say(has(key) ? key : `event.${event}`, { ...record, how: how(record) });
    }
    default:
      return has(`event.${event}`) ? say(`event.${event}`, record) : say("event.other", { event });
  }
}

/** How a server ended, or why it could not be started. */
function how({ exit_code, signal, error }) {
  if (error) return say("how.not_started", { error });
  if (exit_code !== null && exit_code !== undefined) return say("how.exit_code", { exit_code });
  return signal ? say("how.signal", { signal }) : say("how.unknown");
}
