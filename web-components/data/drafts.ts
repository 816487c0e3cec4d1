/** Unsaved work, kept in this browser: it survives a reload, a crash and a session that ends. */
import { session } from './session.ts';
import type { WorkingCopy } from './working-copy.ts';

export interface Draft {
  copy: WorkingCopy;
  summary: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** Everybody's own: several people may use one browser. */
const keyOf = (what: string): string => `registry.draft.${session.me?.user.id ?? 0}.${what}`;

export function readDraft(what: string): Draft | undefined {
  const text = localStorage.getItem(keyOf(what));
  return text === null ? undefined : (JSON.parse(text) as Draft);
}

/** Whether it could be kept: a browser gives each site only so much room. */
export function keepDraft(what: string, draft: Draft): boolean {
  try {
    localStorage.setItem(keyOf(what), JSON.stringify(draft));
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'QuotaExceededError') return false;
    throw error;
  }
}

/** What somebody is writing, kept until it is sent or this window is closed. */
export const readText = (what: string): string => sessionStorage.getItem(keyOf(what)) ?? '';

export function keepText(what: string, text: string): void {
  if (text === '') sessionStorage.removeItem(keyOf(what));
  else sessionStorage.setItem(keyOf(what), text);
}

export function dropDraft(what: string): void {
  localStorage.removeItem(keyOf(what));
}
