/** Parses the times that the API accepts. */

const RFC_3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/;

/**
 * Parses an RFC 3339 date-time, and returns null for any other text. Refuses days that do not exist, whereas
 * JavaScript's own parser reads 30 February as 2 March. Refuses times without a zone, because they would depend on the
 * registry's location. Refuses years outside 1 to 9999 in UTC, because databases and other programs cannot store them.
 */
export function parseTime(text: string): Date | null {
  const parts = RFC_3339.exec(text);
  if (!parts) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map(Number) as Six;
  const [zoneHour, zoneMinute] = [Number(parts[9] ?? 0), Number(parts[10] ?? 0)];
  if (hour > 23 || minute > 59 || second > 59 || zoneHour > 23 || zoneMinute > 59) return null;
  const time = new Date(0);
  // Does not use Date.UTC, because it reads the years 0 to 99 as 1900 to 1999.
  time.setUTCFullYear(year, month - 1, day);
  if (time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day) return null;
  const offset = (parts[8] === '-' ? -1 : 1) * (zoneHour * 60 + zoneMinute);
  const milliseconds = Math.floor(Number(`0.${parts[7] ?? 0}`) * 1000);
  time.setUTCHours(hour, minute - offset, second, milliseconds);
  return time >= FIRST && time <= LAST ? time : null;
}

type Six = [number, number, number, number, number, number];

const FIRST = new Date('0001-01-01T00:00:00Z');
const LAST = new Date('9999-12-31T23:59:59.999Z');
