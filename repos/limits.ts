/**
 * Limits for the content of one version. A tree may contain the same subtree many times, so a small pack can describe
 * more files than any machine could list or check out.
 */

/** The most files and folders. The largest known definitions have some dozens. */
export const MOST_ENTRIES = 2_000;

/**
 * The most bytes of all files together, unpacked. To check, index or send a version, all its files are read into
 * memory.
 */
export const MOST_BYTES = 32 * 1024 * 1024;

/** The most bytes of one folder as git stores it: for each entry a mode, an id and a name of at most 100 bytes. */
export const MOST_TREE_BYTES = MOST_ENTRIES * 128;

/** The most bytes of a commit with its message. All commits of a branch are read and shown together. */
export const MOST_COMMIT_BYTES = 64 * 1024;

export const TOO_MANY_ENTRIES = `a version can have at most ${MOST_ENTRIES} files and folders`;
export const TOO_MANY_BYTES = `the files of a version can have at most ${MOST_BYTES} bytes together`;
