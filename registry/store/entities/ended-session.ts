import { defineEntity, p } from '@mikro-orm/core';

const schema = defineEntity({
  name: 'EndedSession',
  tableName: 'ended_sessions',
  properties: {
    /** The `jti` of the session's token (RFC 7519, section 4.1.7). */
    id: p.text().primary(),
    /** When the token of the session expires. After this time, the row is no longer needed. */
    expires_at: p.datetime(3).index('ended_sessions_expires_at_index'),
  },
});

/** A session that ended before its token expired. */
export class EndedSession extends schema.class {}
schema.setClass(EndedSession);
