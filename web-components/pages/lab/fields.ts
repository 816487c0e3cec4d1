/** The form fields of a lab. */
import '@awesome.me/webawesome/dist/components/input/input.js';
import { html } from 'lit';
import type { Lab } from '../../data/labs.ts';
import { textOf } from '../../elements/editable.ts';

export const labFields = (lab?: Lab) => html`<wa-input
    name="name"
    label="Name"
    required
    maxlength="200"
    .defaultValue=${lab?.name ?? ''}
  ></wa-input>
  <wa-input
    name="code"
    label="Code"
    hint="A short name for lists and commands: letters, digits, - and _"
    required
    maxlength="50"
    pattern="[A-Za-z0-9][A-Za-z0-9_\\-]*"
    autocapitalize="off"
    spellcheck="false"
    .defaultValue=${lab?.code ?? ''}
  ></wa-input>`;

export const labOf = (fields: FormData): { name: string; code: string } => ({
  name: textOf(fields, 'name') ?? '',
  code: textOf(fields, 'code') ?? '',
});
