import { defineEntity, p } from '@mikro-orm/core';

const schema = defineEntity({
  name: 'Timeline',
  tableName: 'timelines',
  properties: {
    /** The first timeline has the id 1. The timeline with the highest id is current. */
    id: p.integer().primary().autoincrement(false),
    timeline: p.uuid(),
    /** The number from which lists of this timeline count: at least the milliseconds from 1970 to its beginning. */
    base: p.bigint('number'),
    began_at: p.datetime(3),
    /** When the restored backup was made; null if the timeline did not begin with a restore. */
    restored_from: p.datetime(3).strictNullable(),
    confirmed_at: p.datetime(3).strictNullable(),
    confirmed_by: p.text().strictNullable(),
  },
});

/** A period between two restores of the registry. Computers must not mix lists of two timelines. */
export class Timeline extends schema.class {}
schema.setClass(Timeline);
