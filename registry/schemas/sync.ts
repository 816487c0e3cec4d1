/** The sync list of a computer, its reports, and the fleet (docs/contract.md, section 9). */
import type { Static } from 'typebox';
import { Type } from './build.ts';
import { Id, JsonObject, Nullable, PageQuery, Text, Time } from './common.ts';
import { DefinitionSummary } from './definitions.ts';
import { Binding, Computer, ComputerName, Instrument } from './equipment.ts';

export const SyncQuery = Type.Object({
  names: Type.Optional(
    Text({
      maxLength: 100_000,
      description: 'Further public and built-in definitions, separated by commas',
    }),
  ),
  scope: Type.Optional(
    Type.Enum(['all', 'bound'], {
      description: '`bound`: only definitions bound to this computer. Default: `all`',
    }),
  ),
});
export type SyncQuery = Static<typeof SyncQuery>;

export const OfferedDefinition = Type.Object({
  ...DefinitionSummary.properties,
  version: Id,
  commit: Type.String(),
  files: Type.Record(Type.String(), Type.String(), {
    description: 'SHA-256 in hexadecimal of each file by its path',
  }),
  approvals: Type.Array(JsonObject),
  permissions: Type.Array(Type.String(), {
    description: 'For information: a computer trusts the signed tag alone',
  }),
  bound: Type.Boolean({ description: 'Whether an instrument bound to this computer uses it' }),
  pinned: Type.Boolean({ description: 'Whether such an instrument is pinned to this version' }),
});
export type OfferedDefinition = Static<typeof OfferedDefinition>;

const { last_seen: _, ...ComputerShape } = Computer.properties;
const {
  bindings: _b,
  specifications: _s,
  extra_data: _e,
  ...InstrumentShape
} = Instrument.properties;

export const HistoriesQuery = Type.Object({
  names: Type.Array(Text({ maxLength: 100 }), {
    maxItems: 10_000,
    description: 'Definitions whose versions the computer needs, in the order of the answer',
  }),
});
export type HistoriesQuery = Static<typeof HistoriesQuery>;

export const SyncList = Type.Object({
  computer: Type.Object(ComputerShape),
  generation: Type.String({ description: 'Changes whenever the list may have changed' }),
  asked: Type.Object(
    { scope: Type.Enum(['all', 'bound']), names: Type.Array(Type.String()) },
    { description: 'The query of the request, the names sorted and in lower case' },
  ),
  definitions: Type.Array(OfferedDefinition, {
    description: 'One item for each version that this computer should have',
  }),
  revoked: Type.Array(
    Type.Object({
      definition_id: Id,
      name: Type.String(),
      version: Id,
      commit: Type.String(),
      reason: Type.String(),
      at: Time,
    }),
    {
      description:
        'All revoked versions of the definitions that this computer may see. A version in neither list keeps running.',
    },
  ),
  reinstated: Type.Array(
    Type.Object({ definition_id: Id, name: Type.String(), version: Id, commit: Type.String() }),
    {
      description:
        'Versions that were revoked and reinstated. A revoked version that is in neither list stays revoked.',
    },
  ),
  bindings: Type.Array(Binding, {
    description:
      'The bindings of this computer. `instrument.definition.version` is the version that the instrument uses, or null',
  }),
  instruments: Type.Array(Type.Object(InstrumentShape), {
    description:
      "The lab's instruments that are not retired, bound or not; empty with `scope=bound`",
  }),
  policy: Type.Object({
    banned_imports: Type.Array(Type.String()),
    allowed_imports: Type.Array(Type.String()),
  }),
  warnings: Type.Array(Type.String(), {
    description: 'What an admin of the lab should look at, such as pins to revoked versions',
  }),
});
export type SyncList = Static<typeof SyncList>;

const Versions = Type.Record(
  Text({ maxLength: 100 }),
  Type.Integer({ minimum: 1, maximum: 2147483647 }),
  { maxProperties: 10_000, description: 'Version by name of definition' },
);
const Complaint = Type.Union([Text({ maxLength: 2000 }), JsonObject]);

export const SyncReport = Type.Object({
  installed: Versions,
  loaded: Type.Optional(Versions),
  errors: Type.Optional(Type.Array(Complaint, { maxItems: 200 })),
});
export type SyncReport = Static<typeof SyncReport>;

const FleetState = Type.Enum(['behind', 'errors', 'silent'], {
  description:
    '`behind`: an installed version is not the newest; `errors`: the last report has errors; `silent`: not seen for a week, or never',
});

export const FleetQuery = Type.Object({
  ...PageQuery,
  lab_id: Type.Optional(Id),
  computer_name: Type.Optional(ComputerName),
  definition_id: Type.Optional(
    Type.Integer({ ...Id, description: 'Only computers on which it is installed' }),
  ),
  version: Type.Optional(
    Type.Integer({ ...Id, description: 'Only computers with this version of it' }),
  ),
  state: Type.Optional(FleetState),
  q: Type.Optional(Text({ maxLength: 500 })),
});
export type FleetQuery = Static<typeof FleetQuery>;

export const HistoryQuery = Type.Object({
  days: Type.Integer({
    minimum: 1,
    maximum: 730,
    default: 90,
    description: 'Length of the history in days',
  }),
});

const Behind = Type.Object({
  name: Type.String(),
  definition_id: Id,
  version: Id,
  newest: Nullable(Type.Integer({ description: 'The newest version that is not revoked' })),
  behind: Type.Integer({ description: 'How many versions the newest is ahead' }),
  revoked: Nullable(Type.String({ description: 'Why the installed version was revoked' })),
});

export const FleetComputer = Type.Object({
  ...Computer.properties,
  installed: Versions,
  loaded: Versions,
  errors: Type.Array(Complaint),
  reported_at: Nullable(Time),
  lag: Type.Array(Behind, { description: 'Installed versions that are not the newest' }),
});
export type FleetComputer = Static<typeof FleetComputer>;

export const DefinitionFleet = Type.Object({
  versions: Type.Array(
    Type.Object({
      version: Id,
      installed: Type.Integer({
        description: 'Number of computers on which it is the newest installed version',
      }),
      loaded: Type.Integer({
        description: 'Number of computers that use it, by their last report',
      }),
      revoked: Nullable(Type.String()),
    }),
    { description: 'Versions that run on some computer, newest first' },
  ),
  history: Type.Array(
    Type.Object({
      date: Type.String({ format: 'date', description: 'UTC' }),
      installed: Type.Record(Type.String(), Type.Integer(), {
        description: 'Number of computers at the end of that day, by version',
      }),
    }),
  ),
});
export type DefinitionFleet = Static<typeof DefinitionFleet>;
