/** Sync state of computers: stamps of their lists, their reports, and installations. */
import { defineEntity, type PrimaryKeyProp, p } from '@mikro-orm/core';
import type { Json } from '../../definitions/types.ts';
import { Computer } from './computer.ts';
import { Definition } from './definition.ts';

const stampSchema = defineEntity({
  name: 'SyncStamp',
  tableName: 'sync_stamps',
  indexes: [{ name: 'sync_stamps_changed_index', properties: ['changed'] }],
  properties: {
    /**
     * `lab`, `computer`, `shared` (public and built-in definitions), `timeline`, or `unaudited` (the newest change without
     * an audit entry); the id of the last three is 0.
     */
    kind: p.text().primary(),
    id: p.integer().primary(),
    stamp: p.uuid(),
    /** Number of changes. */
    number: p.bigint('number').defaultRaw('0'),
    /** The audit entry of the last change, or a number in the same order (store/stamp-changes.ts). */
    changed: p.integer().nullable(),
  },
});

/** Changes whenever the data of a list changes; maintained by triggers. */
export class SyncStamp extends stampSchema.class {
  declare [PrimaryKeyProp]?: ['kind', 'id'];
}
stampSchema.setClass(SyncStamp);

const reportSchema = defineEntity({
  name: 'Report',
  tableName: 'reports',
  properties: {
    computer: () =>
      p.oneToOne(Computer).mapToPk().owner().primary().joinColumn('computer').deleteRule('cascade'),
    /** For each definition by name, the version that the computer reports. */
    installed: p.json<Record<string, number>>(),
    loaded: p.json<Record<string, number>>(),
    errors: p.json<Json[]>(),
    reported_at: p.datetime(3),
  },
});

/** The latest report of a computer. */
export class Report extends reportSchema.class {}
reportSchema.setClass(Report);

const installationSchema = defineEntity({
  name: 'Installation',
  tableName: 'installations',
  uniques: [
    {
      name: 'installations_now_key',
      expression:
        'create unique index "installations_now_key" on "installations" ("computer", "definition_id") where until is null',
    },
  ],
  indexes: [{ name: 'installations_definition_id_index', properties: ['definition_id', 'since'] }],
  properties: {
    id: p.integer().primary(),
    computer: () =>
      p
        .manyToOne(Computer)
        .mapToPk()
        .joinColumn('computer')
        .index('installations_computer_index')
        .deleteRule('cascade'),
    definition_id: () =>
      p
        .manyToOne(Definition)
        .mapToPk()
        .joinColumn('definition_id')
        .index(false)
        .deleteRule('cascade'),
    version: p.integer(),
    since: p.datetime(3),
    /** Null while it is installed. */
    until: p.datetime(3).strictNullable(),
  },
});

/** The period during which a version was the newest one on a computer. */
export class Installation extends installationSchema.class {}
installationSchema.setClass(Installation);
