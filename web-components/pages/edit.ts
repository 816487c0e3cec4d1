import { Task } from '@lit/task';
import { html, nothing } from 'lit';
import { RegistryError } from '../data/client.ts';
import {
  changeDefinition,
  type Definition,
  readDefinition,
  validateSource,
} from '../data/definitions.ts';
import { canLandDirectly } from '../data/labs.ts';
import { SessionController } from '../data/session.ts';
import {
  changesOf,
  isChanged,
  keepOwn,
  type Merged,
  mainFile,
  mergeInto,
  type WorkingCopy,
  workingCopyOf,
} from '../data/working-copy.ts';
import type { FilesEvent } from '../elements/editor/file-tabs.ts';
import '../elements/editor/lost-update.ts';
import type { DecisionEvent } from '../elements/editor/lost-update.ts';
import '../elements/editor/workbench.ts';
import { empty, whenLoaded } from '../elements/states.ts';
import { EditorPage } from './editor/editor-page.ts';

/** `/definitions/<Name>/edit`: the editor of a definition. */
export class EditPage extends EditorPage {
  static override properties = { name: {}, newer: { state: true } };
  declare name: string;
  /** The version that landed while the user was editing, and the user's changes merged into it. */
  declare newer: { landed: WorkingCopy; merged: Merged } | undefined;
  readonly #session = new SessionController(this);

  readonly #loaded = new Task(this, {
    task: async ([name]) => {
      const definition = await readDefinition(name);
      this.open(workingCopyOf(definition));
      return { definition, lands: await canLandDirectly(definition.lab_id) };
    },
    args: () => [this.name] as const,
  });

  override get draftName(): string {
    return this.name;
  }

  override render() {
    return html`<header>
        <a class="small" href=${this.#address}>${this.name}</a>
        <h1 tabindex="-1">Edit ${this.name}</h1>
      </header>
      ${whenLoaded(this.#loaded, ({ definition, lands }) => {
        if (!this.#session.may('contributor', definition.lab_id)) {
          return empty(
            'lock',
            'You can read this definition, but not change it',
            html`Contributors and admins of the lab can propose changes.`,
          );
        }
        if (definition.is_archived) {
          return empty(
            'archive',
            'This definition is archived and cannot be changed',
            html`A lab admin can unarchive the definition on <a href=${this.#address}>its page</a>.`,
          );
        }
        return this.copy ? this.#editor(definition, lands, this.copy) : nothing;
      })}`;
  }

  get #address(): string {
    return `/definitions/${encodeURIComponent(this.name)}`;
  }

  #editor(definition: Definition, lands: boolean, copy: WorkingCopy) {
    if (this.newer) return this.#lostUpdate(copy, this.newer);
    return html`${this.notices(workingCopyOf(definition))}
      <registry-workbench
        .main=${mainFile(this.name)}
        .files=${copy.files}
        .validate=${(files: WorkingCopy['files']) => this.#validate(definition, copy, files)}
        @files-change=${({ files }: FilesEvent) => this.keep({ ...copy, files })}
      ></registry-workbench>
      ${this.saveBar(
        copy,
        lands ? `Save as version ${(copy.version ?? 0) + 1}` : 'Propose for review',
        () => this.save(this.name, () => this.#change(definition, copy)),
        !isChanged(copy),
      )}`;
  }

  #lostUpdate(own: WorkingCopy, { landed, merged }: { landed: WorkingCopy; merged: Merged }) {
    const decide = ({ decision }: DecisionEvent) => {
      const decided = { merge: merged.copy, own: keepOwn(own, landed), theirs: landed }[decision];
      this.newer = undefined;
      this.error = undefined;
      this.keep(decided);
    };
    return html`<registry-lost-update
      .base=${own.base}
      .own=${own.files}
      .theirs=${landed.files}
      .version=${landed.version ?? 0}
      .conflicts=${merged.conflicts}
      @decided=${decide}
    ></registry-lost-update>`;
  }

  async #validate({ id }: Definition, copy: WorkingCopy, all: WorkingCopy['files']) {
    const main = mainFile(this.name);
    const { [main]: _, ...files } = changesOf({ ...copy, files: all });
    return await validateSource({ source_code: all[main] ?? '', name: this.name, files }, id);
  }

  async #change({ id }: Definition, copy: WorkingCopy) {
    const { [mainFile(this.name)]: source, ...files } = changesOf(copy);
    try {
      return await changeDefinition(id, {
        ...(source !== undefined && source !== null && { source_code: source }),
        ...(Object.keys(files).length > 0 && { files }),
        ...(this.summary.trim() && { change_summary: this.summary.trim() }),
        expected_version: copy.version,
      });
    } catch (error) {
      if (!(error instanceof RegistryError) || error.status !== 409) throw error;
      return await this.#settle(copy, error);
    }
  }

  /**
   * Handles a conflict with a version that landed while the user was editing. Rethrows any other conflict. If the
   * landed version already contains all of the user's changes, it counts as saved: most likely the user's save
   * succeeded, but the answer was lost.
   */
  async #settle(own: WorkingCopy, conflict: RegistryError): Promise<Definition> {
    const newest = await readDefinition(this.name);
    const landed = workingCopyOf(newest);
    if (landed.version === own.version) throw conflict;
    const merged = mergeInto(own, landed);
    if (!isChanged(merged.copy)) return newest;
    this.newer = { landed, merged };
    throw conflict;
  }
}

customElements.define('edit-page', EditPage);
