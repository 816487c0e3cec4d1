/**
 * Masks what a text of one lab's computer tells about that lab: paths, addresses, serial numbers, mail addresses and given
 * names. The text may then be shown to the owners of a definition in another lab.
 */

const MASK = '…';

/** What stands between words. */
const BETWEEN = /([\s"'`<>()[\]{}|;,=]+)/;

/** A word that is masked. The patterns see a word without punctuation at its end. */
const WORDS: readonly RegExp[] = [
  // Resource names of VISA, such as USB0::0x0957::0x1507::MY48000000::INSTR.
  /::/,
  /^(?:COM|LPT)\d{1,3}$/,
  // Mail addresses, web addresses and paths after a colon.
  /@|:\//,
  // Paths of Windows, then those of other systems with at least one folder.
  /^[A-Za-z]:\\|^\\\\/,
  /^~?\/[^/]+\//,
  // Addresses of network cards, IPv6 and IPv4.
  /^[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5}$/,
  /^[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){3,7}$/,
  /^\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}$/,
];

const PUNCTUATION = /[.:!?]$/;
const SERIAL = /^(?:serial|s\/n|sn)$/i;
const NUMBER = /^(?:number|no|nr)$/i;

/**
 * The text without what it tells about a lab.
 * @param names further texts to mask, in any case, such as the name of the computer
 */
export function masked(text: string, names: readonly string[] = []): string {
  const unnamed = names
    .filter((name) => name.length > 2)
    .reduce((all, name) => all.replaceAll(new RegExp(escaped(name), 'gi'), MASK), text);
  return maskWords(
    unnamed
      .split(/(["'\n])/)
      .map(maskIdentity)
      .join(''),
  );
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Masks the serial number in an answer to *IDN?: maker, model, serial number, firmware (IEEE 488.2, section 10.14). */
function maskIdentity(text: string): string {
  const fields = text.split(',');
  const [maker = ''] = fields;
  return fields.length === 4 && /[A-Za-z]/.test(maker) ? fields.with(2, MASK).join(',') : text;
}

function maskWords(text: string): string {
  let isNumberNext = false;
  const parts = text.split(BETWEEN).map((part, index) => {
    if (index % 2 === 1 || part === '') return part;
    const word = part.replace(PUNCTUATION, '');
    if (isNumberNext && NUMBER.test(word)) return part;
    const isNumber = isNumberNext && word.length >= 3;
    isNumberNext = SERIAL.test(word);
    if (!isNumber && !WORDS.some((pattern) => pattern.test(word))) return part;
    return MASK + part.slice(word.length);
  });
  return parts.join('');
}
