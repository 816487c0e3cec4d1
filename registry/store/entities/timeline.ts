import { defineEntity, p } from '@mikro-orm/core';

const schema = defineEntity({
  name: 'Timeline',
  tableName: 'timelines',
  properties: {
    /** Counts from 1; the newest counts. */
    id: p.integer().primary().autoincrement(false),
    timeline: p.uuid(),
    /** What numbers of lists are counted from: milliseconds since 1970 when it began, or more. */
    base: p.bigint('number'),
    began_at: p.datetime(3),
    /** The moment that the backup is of which it began with. */
    restored_from: p.datetime(3).strictNullable(),
    confirmed_at: p.datetime(3).strictNullable(),
    confirmed_by: p.text().strictNullable(),
  },
});

/** A registry that was put back to an earlier state is on another timeline than before; computers must not mix them. */
export class Timeline extends schema.class {}
schema.setClass(Timeline);
