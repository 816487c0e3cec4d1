import { defineEntity, p } from '@mikro-orm/core';

const schema = defineEntity({
  name: 'DoneOnce',
  tableName: 'done_once',
  properties: {
    task: p.text().primary(),
    done_at: p.datetime(3),
  },
});

/** That a piece of work on what an earlier version left is done. */
export class DoneOnce extends schema.class {}
schema.setClass(DoneOnce);
