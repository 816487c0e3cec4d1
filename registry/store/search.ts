/** LIKE patterns that find `text` anywhere, or at the beginning. They escape `%`, `_` and `\`. */
export const containing = (text: string): string => `%${literal(text)}%`;
export const beginning = (text: string): string => `${literal(text)}%`;

const literal = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
