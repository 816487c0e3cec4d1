import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { python } from '@codemirror/lang-python';
import {
  bracketMatching,
  foldGutter,
  foldKeymap,
  indentOnInput,
  indentUnit,
  syntaxHighlighting,
} from '@codemirror/language';
import { lintGutter, lintKeymap, type Diagnostic as Mark, setDiagnostics } from '@codemirror/lint';
import { highlightSelectionMatches, searchKeymap } from '@codemirror/search';
import { Compartment, EditorState, type Extension, type Text } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  highlightActiveLineGutter,
  highlightSpecialChars,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { classHighlighter } from '@lezer/highlight';
import { css, html, LitElement, type PropertyValues } from 'lit';
import { HIDDEN_IN_CODE } from '../../../text/hidden.ts';
import { codeColours } from '../../styles/code.ts';
import { shared } from '../../styles/shared.ts';
import { markHidden } from '../reveal-hidden.ts';
import type { Finding } from './findings.ts';

export class EditEvent extends Event {
  readonly text: string;
  constructor(text: string) {
    super('edit', { bubbles: true, composed: true });
    this.text = text;
  }
}

/**
 * An editor for a file of a definition. Tab moves to the next field; Ctrl+] and Ctrl+[ indent.
 *
 * @fires {EditEvent} edit - The user changed the text.
 */
export class RegistryCodeEditor extends LitElement {
  static override properties = {
    text: {},
    path: {},
    findings: { attribute: false },
    label: {},
  };
  static override styles = [
    shared,
    codeColours,
    css`
      /* The editor fills its container even if the text is short. */
      :host,
      .editor {
        display: grid;
        grid-template-columns: minmax(0, 1fr);
      }
      .cm-editor {
        background: var(--registry-card);
        color: var(--wa-color-text-normal);
        font-size: 0.93em;
      }
      .cm-editor.cm-focused {
        outline: var(--wa-focus-ring);
        outline-offset: -2px;
      }
      :host .cm-editor .cm-scroller {
        font-family: var(--wa-font-family-code);
        font-variant-ligatures: none;
        line-height: 1.55;
      }
      .cm-editor .cm-gutters {
        border-color: var(--wa-color-surface-border);
        background: var(--registry-canvas);
        color: var(--wa-color-text-quiet);
      }
      .cm-editor .cm-activeLine,
      .cm-editor .cm-activeLineGutter {
        background: var(--registry-hover);
      }
      .cm-editor .cm-cursor {
        border-color: var(--wa-color-text-normal);
      }
      .cm-editor .cm-tooltip,
      .cm-editor .cm-panels {
        border: 1px solid var(--wa-color-surface-border);
        background: var(--registry-card);
        color: var(--wa-color-text-normal);
      }
      .cm-editor .cm-foldPlaceholder {
        border-color: var(--wa-color-surface-border);
        background: var(--registry-canvas);
        color: var(--wa-color-text-quiet);
      }
    `,
  ];

  declare text: string;
  /** The path of the file. The extension of the file determines the language. */
  declare path: string;
  declare findings: readonly Finding[];
  /** The accessible name of the editor. */
  declare label: string;
  #view: EditorView | undefined;
  /** The line ending of the text. The editor itself works on lines and does not store line endings. */
  #lineEnd = '\n';
  readonly #language = new Compartment();

  constructor() {
    super();
    this.text = '';
    this.path = '';
    this.findings = [];
    this.label = 'Code';
  }

  override focus() {
    this.#view?.focus();
  }

  /** Moves the cursor to a position (line from 1, column in code points from 1) and scrolls to it. */
  goTo(line: number, column: number): void {
    const view = this.#view;
    if (!view) return;
    const anchor = offsetOf(view.state.doc, line, column);
    view.dispatch({
      selection: { anchor },
      effects: EditorView.scrollIntoView(anchor, { y: 'center' }),
    });
    view.focus();
  }

  override render() {
    return html`<div class="editor"></div>`;
  }

  protected override firstUpdated() {
    const parent = this.renderRoot.querySelector('.editor') as HTMLElement;
    this.#lineEnd = lineEndOf(this.text) ?? this.#lineEnd;
    this.#view = new EditorView({
      root: this.renderRoot as ShadowRoot,
      parent,
      state: EditorState.create({ doc: this.text, extensions: this.#extensions() }),
    });
  }

  override disconnectedCallback() {
    super.disconnectedCallback();
    this.#view?.destroy();
  }

  protected override updated(changed: PropertyValues<this>) {
    const view = this.#view;
    if (!view) return;
    if (changed.has('path') || changed.has('label'))
      view.dispatch({ effects: this.#language.reconfigure(this.#grammar()) });
    // If `text` is what the user has just typed, the editor already has it.
    if (changed.has('text') && this.text !== this.#textOf(view.state.doc)) {
      this.#lineEnd = lineEndOf(this.text) ?? this.#lineEnd;
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: this.text } });
    }
    if (changed.has('findings')) {
      view.dispatch(
        setDiagnostics(
          view.state,
          this.findings.map((one) => markOf(view.state.doc, one)),
        ),
      );
    }
  }

  #textOf(doc: Text): string {
    return doc.sliceString(0, doc.length, this.#lineEnd);
  }

  #grammar(): Extension {
    return this.path.endsWith('.py') ? python() : [];
  }

  #extensions(): Extension {
    return [
      ...[lineNumbers(), foldGutter(), lintGutter(), history(), drawSelection(), indentOnInput()],
      ...[bracketMatching(), closeBrackets(), autocompletion(), highlightActiveLine()],
      ...[highlightActiveLineGutter(), highlightSelectionMatches(), highlightSpecialChars(HIDDEN)],
      ...[indentUnit.of('    '), EditorState.tabSize.of(4), syntaxHighlighting(classHighlighter)],
      this.#language.of(this.#grammar()),
      EditorView.contentAttributes.of(() => ({ 'aria-label': this.label, tabindex: '0' })),
      keymap.of([
        ...[...closeBracketsKeymap, ...defaultKeymap, ...searchKeymap, ...historyKeymap],
        ...[...foldKeymap, ...completionKeymap, ...lintKeymap],
      ]),
      EditorView.domEventHandlers({ beforeinput: replaceSelection }),
      EditorView.updateListener.of(({ docChanged, state }) => {
        const text = this.#textOf(state.doc);
        if (!docChanged || text === this.text) return;
        this.text = text;
        this.dispatchEvent(new EditEvent(text));
      }),
    ];
  }
}

/** Marks hidden characters as the other pages do. */
const HIDDEN = {
  specialChars: HIDDEN_IN_CODE,
  render: (code: number) => markHidden(String.fromCodePoint(code)),
};

/**
 * Replaces a selection with typed text. Chromium would put `style` attributes on the joined lines. The
 * Content-Security-Policy forbids `style` attributes, and reports an error on the console.
 */
function replaceSelection(event: InputEvent, view: EditorView): boolean {
  const { state } = view;
  if (event.inputType !== 'insertText' || event.data === null || state.selection.main.empty) {
    return false;
  }
  view.dispatch(state.update(state.replaceSelection(event.data), { userEvent: 'input.type' }));
  event.preventDefault();
  return true;
}

const lineEndOf = (text: string): string | undefined => /\r\n|\n|\r/.exec(text)?.[0];

function markOf(
  doc: Text,
  { line, column, end_line, end_column, code, message, severity }: Finding,
): Mark {
  const from = offsetOf(doc, line, column);
  const to = Math.max(from, offsetOf(doc, end_line, end_column));
  return { from, to, severity, source: code, message };
}

/**
 * Converts a position to the editor's offset. The registry counts code points, and the editor counts UTF-16 units. The
 * text may have become shorter since the validation: a position beyond the end becomes the end.
 */
function offsetOf(doc: Text, line: number, column: number): number {
  if (line > doc.lines) return doc.length;
  const { from, text } = doc.line(Math.max(1, line));
  return from + [...text].slice(0, column - 1).join('').length;
}

customElements.define('registry-code-editor', RegistryCodeEditor);

declare global {
  interface HTMLElementTagNameMap {
    'registry-code-editor': RegistryCodeEditor;
  }
}
