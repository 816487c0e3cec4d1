import { defineEntity, p } from '@mikro-orm/core';

const schema = defineEntity({
  name: 'Follower',
  tableName: 'followers',
  properties: {
    id: p.integer().primary().autoincrement(),
    /** The number of the newest change that the process has applied. */
    reached: p.integer(),
    /** How often the process has renewed its lease. */
    renewed: p.integer(),
  },
});

/** A process that caches what it reads from the database (store/follow.ts). The row is the lease of the process. */
export class Follower extends schema.class {}
schema.setClass(Follower);
