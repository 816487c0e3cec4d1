/** LIKE patterns that find `text` literally (with `%`, `_` and `\` escaped), anywhere or at the start. */
export const containing = (text: string): string => `%${literal(text)}%`;
export const beginning = (text: string): string => `${literal(text)}%`;

const literal = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
