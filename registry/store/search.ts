/** LIKE patterns that find `text` anywhere, or at the beginning, with `%`, `_` and `\` escaped. */
export const containing = (text: string): string => `%${literal(text)}%`;
export const beginning = (text: string): string => `${literal(text)}%`;

const literal = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
