/** LIKE patterns that find `text`, its own `%`, `_` and `\` taken literally: anywhere, or as the beginning. */
export const containing = (text: string): string => `%${literal(text)}%`;
export const beginning = (text: string): string => `${literal(text)}%`;

const literal = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
