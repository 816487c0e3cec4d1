/** Schemas of the data of each event (docs/contract.md, section 9). */
import type { Static } from 'typebox';
import { Type } from './build.ts';
import { Id, Nullable, Time } from './common.ts';

const Common = {
  lab_id: Nullable(Id),
  by: Type.String({
    description:
      'The username of the account that caused the event, or "registry" for the registry itself',
  }),
  at: Time,
};
const DefinitionRef = Type.Object({ id: Nullable(Id), name: Type.String() });
const Version = { definition: DefinitionRef, version: Id, ...Common };

/** `definition.landed`: a new version can be fetched. */
export const DefinitionLanded = Type.Object({
  ...Version,
  commit: Type.String(),
  summary: Type.String({ description: 'The first line of the change summary' }),
});

/** `definition.changed`: a definition was archived, restored, moved to another lab or repaired. */
export const DefinitionChanged = Type.Object({
  definition: DefinitionRef,
  change: Type.Enum(['archived', 'restored', 'moved', 'mended']),
  ...Common,
});

/** `version.deprecated`, `version.revoked` and `version.reinstated`. */
export const VersionJudged = Type.Object({ ...Version, reason: Type.String() });

/** `policy.overridden`: a lab admin landed a version although the policy forbids it. */
export const PolicyOverridden = Type.Object({
  definition: DefinitionRef,
  reason: Type.String(),
  set_aside: Type.Array(Type.String({ description: 'A rule of the policy that was not met' })),
  ...Common,
});

/**
 * `merge_request.opened`, `.updated`, `.merged` and `.closed`. The event has the state of the merge request at the time
 * when it is sent.
 */
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
    { description: 'What happened to the merge request' },
  ),
  ...Common,
});

const Change = Type.Enum(['created', 'changed', 'deleted']);

/** `binding.changed`: sent to the lab and the computer. A new connection or new settings do not cause this event. */
export const BindingChanged = Type.Object({
  binding: Type.Object({ id: Id, instrument_id: Id, computer_name: Type.String() }),
  change: Change,
  ...Common,
});

/** `instrument.changed`. The event has the definition and the pinned version at the time when it is sent. */
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

/** `computer.changed`. */
export const ComputerChanged = Type.Object({
  computer: Type.Object({ id: Id, computer_name: Type.String() }),
  change: Type.Enum(['created', 'enrolled', 'changed', 'deleted']),
  ...Common,
});

/** `reset`: some events were not sent. Clients must load their data again. */
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
