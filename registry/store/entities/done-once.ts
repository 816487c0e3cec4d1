import { defineEntity, p } from '@mikro-orm/core';

const schema = defineEntity({
  name: 'DoneOnce',
  tableName: 'done_once',
  properties: {
    task: p.text().primary(),
    done_at: p.datetime(3),
  },
});

/** A one-time upgrade task that is complete. */
export class DoneOnce extends schema.class {}
schema.setClass(DoneOnce);
