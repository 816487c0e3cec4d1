import t from 'tap';
import { Type as TypeBox } from 'typebox';
import { Type } from '../../registry/schemas/build.ts';

/** One schema of each kind, made with the given builders. */
const schemas = (T: typeof Type) => {
  const described = T.Object(
    {
      name: T.String({ minLength: 1 }),
      size: T.Optional(T.Integer({ minimum: 0, default: 1 })),
      tags: T.Optional(T.Array(T.String(), { maxItems: 3 })),
    },
    { $id: 'Described', additionalProperties: false },
  );
  return {
    described,
    changed: T.Partial(described),
    limited: T.Partial(described, { minProperties: 1 }),
    empty: T.Object({}),
    optionalOnly: T.Object({ any: T.Optional(T.Unknown()) }),
    shared: T.Object({ yes: T.Boolean(), ...T.Partial(described).properties }),
    seconds: T.Number({ minimum: 0 }),
    choice: T.Enum(['a', 'b'], { default: 'a' }),
    state: T.Literal('ok'),
    nullable: T.Union([T.String(), T.Null({ description: 'none' })], { description: 'either' }),
    byName: T.Record(T.String(), T.Union([T.String(), T.Null()]), { description: 'name to text' }),
    foreign: T.Unsafe<object>({ type: 'object', additionalProperties: true }),
  };
};

t.test('every builder creates the same schema as TypeBox', async (t) => {
  const ours = schemas(Type);
  const theirs = schemas(TypeBox);
  for (const name of Object.keys(ours) as (keyof typeof ours)[]) {
    t.strictSame(ours[name], JSON.parse(JSON.stringify(theirs[name])), name);
  }
});

t.test('optional properties can be made required', async (t) => {
  const name = Type.String();
  t.notHas(Type.Object({ name: Type.Optional(name) }), { required: ['name'] });
  t.has(Type.Object({ name }), { required: ['name'] });
});
