/** Unsaved work, stored in this browser, which survives a reload, a crash and the end of a session. */
import { session } from './session.ts';
import type { WorkingCopy } from './working-copy.ts';

export interface Draft {
  copy: WorkingCopy;
  summary: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** The storage key of a draft. The key includes the user's id, because several people may use one browser. */
const keyOf = (what: string): string => `registry.draft.${session.me?.user.id ?? 0}.${what}`;

export function readDraft(what: string): Draft | undefined {
  const text = localStorage.getItem(keyOf(what));
  return text === null ? undefined : (JSON.parse(text) as Draft);
}

/** Stores a draft. Returns false if the browser has no storage left for this site. */
export function saveDraft(what: string, draft: Draft): boolean {
  try {
    localStorage.setItem(keyOf(what), JSON.stringify(draft));
    return true;
  } catch (error) {
    if (error instanceof DOMException && error.name === 'QuotaExceededError') return false;
    throw error;
  }
}

/** Reads text that the user has not sent yet. The text is stored until the user sends it or closes this window. */
export const readText = (what: string): string => sessionStorage.getItem(keyOf(what)) ?? '';

export function saveText(what: string, text: string): void {
  if (text === '') sessionStorage.removeItem(keyOf(what));
  else sessionStorage.setItem(keyOf(what), text);
}

export function deleteDraft(what: string): void {
  localStorage.removeItem(keyOf(what));
}
