import t from 'tap';
import { withoutSecrets } from '../../registry/logging.ts';
import {
  COMPUTER_TOKEN_PREFIX,
  newToken,
  TOKEN_PREFIX,
} from '../../registry/services/people/secrets.ts';

t.test('no log line contains a token of a person or computer', async (t) => {
  for (const prefix of [TOKEN_PREFIX, COMPUTER_TOKEN_PREFIX]) {
    const { secret } = newToken(prefix);
    for (const text of [`/api/x/${secret}`, `/api/x?key=${secret}&b=1`, `cannot read ${secret}`]) {
      t.notMatch(withoutSecrets(text), secret.slice(prefix.length));
    }
  }
});
