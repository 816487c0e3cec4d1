import { defineEntity, p } from '@mikro-orm/core';

const schema = defineEntity({
  name: 'Follower',
  tableName: 'followers',
  properties: {
    id: p.integer().primary().autoincrement(),
    reached: p.integer(),
    renewed: p.integer(),
  },
});

/** A process that keeps in memory what it has read, and how far in the audit trail it has followed. */
export class Follower extends schema.class {}
schema.setClass(Follower);
