import { defineEntity, p } from '@mikro-orm/core';

const schema = defineEntity({
  name: 'RegistryIdentity',
  tableName: 'registry_identity',
  properties: {
    /** Always 1. */
    id: p.integer().primary().autoincrement(false).check('id = 1'),
    registry: p.uuid(),
    /** The fingerprint of the newest key that signs versions; null until there is one. */
    signing_key: p.text().strictNullable(),
  },
});

/** Which registry this database belongs to, and its newest key. The table has one row. */
export class RegistryIdentity extends schema.class {}
schema.setClass(RegistryIdentity);
