/** The data of each event (docs/contract.md, section 9). */
import type { Static } from 'typebox';
import { Type } from './build.ts';
import { Id, Nullable, Time } from './common.ts';

const Common = {
  lab_id: Nullable(Id),
  by: Type.String({
    description: 'Username of the account that did it; "registry" for the registry itself',
  }),
  at: Time,
};
const DefinitionRef = Type.Object({ id: Nullable(Id), name: Type.String() });
const Version = { definition: DefinitionRef, version: Id, ...Common };

/** `definition.landed`: a version can be fetched. */
export const DefinitionLanded = Type.Object({
  ...Version,
  commit: Type.String(),
  summary: Type.String({ description: 'First line of the change summary' }),
});

/** `definition.changed`: a definition was archived, restored, moved to another lab or repaired. */
export const DefinitionChanged = Type.Object({
  definition: DefinitionRef,
  change: Type.Enum(['archived', 'restored', 'moved', 'mended']),
  ...Common,
});

/** `version.deprecated`, `version.revoked`, `version.reinstated`. */
export const VersionJudged = Type.Object({ ...Version, reason: Type.String() });

/** `policy.overridden`: a lab admin landed despite the policy. */
export const PolicyOverridden = Type.Object({
  definition: DefinitionRef,
  reason: Type.String(),
  set_aside: Type.Array(Type.String({ description: 'The rules that were not met' })),
  ...Common,
});

/** `merge_request.opened`, `.updated`, `.merged`, `.closed`: its state when the event is sent. */
export const MergeRequestEvent = Type.Object({
  merge_request: Type.Object({
    id: Id,
    title: Type.String(),
    state: Type.Enum(['open', 'merged', 'closed']),
    draft: Type.Boolean(),
    head: Type.String(),
    merged_version: Nullable(Id),
  }),
  definition: DefinitionRef,
  change: Type.Enum(
    [
      'opened',
      'head',
      'edited',
      'reviewed',
      'commented',
      'checked',
      'reopened',
      'merged',
      'closed',
    ],
    { description: 'What happened to it' },
  ),
  ...Common,
});

const Change = Type.Enum(['created', 'changed', 'deleted']);

/** `binding.changed`: sent to the lab and to the computer. Connections and settings cause no events. */
export const BindingChanged = Type.Object({
  binding: Type.Object({ id: Id, instrument_id: Id, computer_name: Type.String() }),
  change: Change,
  ...Common,
});

/** `instrument.changed`: its definition and pin when the event is sent. */
export const InstrumentChanged = Type.Object({
  instrument: Type.Object({
    id: Id,
    name: Type.String(),
    definition_id: Nullable(Id),
    pinned_version: Nullable(Id),
  }),
  change: Change,
  ...Common,
});

/** `computer.changed` */
export const ComputerChanged = Type.Object({
  computer: Type.Object({ id: Id, computer_name: Type.String() }),
  change: Type.Enum(['created', 'enrolled', 'changed', 'deleted']),
  ...Common,
});

/** `reset`: the events in between are lost. Clients reload what they show. */
export const Reset = Type.Object({ reason: Type.String() });

export interface EventData {
  'definition.landed': Static<typeof DefinitionLanded>;
  'definition.changed': Static<typeof DefinitionChanged>;
  'version.deprecated': Static<typeof VersionJudged>;
  'version.revoked': Static<typeof VersionJudged>;
  'version.reinstated': Static<typeof VersionJudged>;
  'policy.overridden': Static<typeof PolicyOverridden>;
  'merge_request.opened': Static<typeof MergeRequestEvent>;
  'merge_request.updated': Static<typeof MergeRequestEvent>;
  'merge_request.merged': Static<typeof MergeRequestEvent>;
  'merge_request.closed': Static<typeof MergeRequestEvent>;
  'binding.changed': Static<typeof BindingChanged>;
  'instrument.changed': Static<typeof InstrumentChanged>;
  'computer.changed': Static<typeof ComputerChanged>;
  reset: Static<typeof Reset>;
}
export type EventKind = keyof EventData;
