/** Data about the sync of computers: the stamps of their lists, their reports, and installations. */
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
     * an audit entry). Rows of the last three kinds have the id 0.
     */
    kind: p.text().primary(),
    id: p.integer().primary(),
    stamp: p.uuid(),
    /** How often the stamp has changed. */
    number: p.bigint('number').defaultRaw('0'),
    /**
     * The number of the last change. Changes and audit entries get their numbers from one sequence
     * (store/stamp-changes.ts).
     */
    changed: p.integer().nullable(),
  },
});

/** A value that triggers change whenever the data of computers' lists changes. */
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
    /** The newest installed version of each definition, by the definition's name. */
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
    /** Null while the version is installed. */
    until: p.datetime(3).strictNullable(),
  },
});

/** A period in which a version was the newest version of its definition on a computer. */
export class Installation extends installationSchema.class {}
installationSchema.setClass(Installation);
