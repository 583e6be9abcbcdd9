// Terminals obey control characters, and readers are fooled by those that turn the direction of writing.
const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const CONTROL_BUT_LINES = /(?![\n\t])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** The text on one line, without anything that a terminal would obey. */
export const stripControls = (text: string): string => text.replace(CONTROL, ' ');

/** The same for a text of several lines, such as a stack. */
export const stripControlsInLines = (text: string): string => text.replace(CONTROL_BUT_LINES, ' ');

// Each side is bounded, and the characters before @ exclude @ itself: no input makes it slow.
const ADDRESS =
  /(?:"(?:[^"\\\r\n]|\\[^\r\n]){1,64}\\?"|[\p{L}\p{N}.!#$%&'*+/=?^_`{|}~-]{1,64})@(?:\[[0-9A-Za-z.:]{1,64}\]|[\p{L}\p{N}](?:[\p{L}\p{N}._-]{0,253}[\p{L}\p{N}])?)/gu;

/** The text with `<address>` in place of every e-mail address. Domains without an @ stay. */
export const maskRecipients = (text: string): string =>
  text.includes('@') ? text.replace(ADDRESS, '<address>') : text;
