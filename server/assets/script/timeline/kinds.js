// The kinds of marks: what they stand for, and their shapes. Shape and colour say the same, so that
// either is enough.

import { CLASS } from "../words.js";

/** Which kind a conflict's class is of. */
const kinds = {
  [CLASS.IN_USE]: "held",
  [CLASS.OWN_INSTANCE]: "held",
  [CLASS.HIDDEN_OWNER]: "held",
  [CLASS.GHOST_OWNER]: "held",
  [CLASS.OTHER_FAMILY]: "held",
  [CLASS.LOST_RACE]: "held",
  [CLASS.SOURCE_PORT]: "fleeting",
  [CLASS.EPHEMERAL]: "fleeting",
  [CLASS.EXCLUDED]: "barred",
  [CLASS.PRIVILEGED]: "barred",
  [CLASS.BROWSER_BLOCKED]: "barred",
  [CLASS.RESTRICTED]: "barred",
  [CLASS.RESERVED_BY_APP]: "spoken_for",
  [CLASS.CROWDED]: "spoken_for",
};

/** The kind of a conflict. */
export const kindOf = (conflict) => kinds[conflict.class] ?? "unknown";

/** The shape of each kind around 0,0, about 12 units wide, as the path of an SVG. The gravest comes
 * first: it stands for all where several meet. */
const shapes = {
  crash: "M-5-5 5 5M5-5-5 5",
  held: "M0-7 7 0 0 7-7 0Z",
  barred: "M-5-5H5V5H-5Z",
  spoken_for: "M0-6.5 6.2-2 3.8 5.3H-3.8L-6.2-2Z",
  fleeting: "M0-6 6.5 5H-6.5Z",
  unknown: "M-6 0A6 6 0 1 0 6 0A6 6 0 1 0-6 0Z",
  restart: "M4.5-2.5A5 5 0 1 0 5 1.5M5-6V-2H1",
};

/** Every kind of mark, the gravest first. */
export const all = Object.keys(shapes);

/** What else the legend explains. */
const others = { launch: "M-7-3.5H7V3.5H-7Z", move: "M0-7V6M-4 2 0 6 4 2" };

/** The shape of a mark, or of something else in the picture. */
export const shape = (kind) => shapes[kind] ?? others[kind];
