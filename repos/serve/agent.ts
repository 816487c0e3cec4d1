import manifest from '../../package.json' with { type: 'json' };

/** The name and version that the server tells git clients. */
export const AGENT = `definition-registry/${manifest.version}`;
