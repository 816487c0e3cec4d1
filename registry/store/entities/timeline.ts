import { defineEntity, p } from '@mikro-orm/core';

const schema = defineEntity({
  name: 'Timeline',
  tableName: 'timelines',
  properties: {
    /** Counts from 1; the highest id is current. */
    id: p.integer().primary().autoincrement(false),
    timeline: p.uuid(),
    /** Offset of list numbers: at least the milliseconds since 1970 at its start. */
    base: p.bigint('number'),
    began_at: p.datetime(3),
    /** The time of the restored backup. */
    restored_from: p.datetime(3).strictNullable(),
    confirmed_at: p.datetime(3).strictNullable(),
    confirmed_by: p.text().strictNullable(),
  },
});

/** A restored registry is on another timeline than before; computers must not mix lists of two timelines. */
export class Timeline extends schema.class {}
schema.setClass(Timeline);
