import manifest from '../../package.json' with { type: 'json' };

/** How the server names itself to clients. */
export const AGENT = `definition-registry/${manifest.version}`;
