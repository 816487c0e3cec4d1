/**
 * How much one version may contain. A tree may name the same subtree and the same file repeatedly, so a small pack can
 * describe more files than anybody could list or check out.
 */

/** Files and folders; the largest definitions have some dozens. */
export const MOST_ENTRIES = 2_000;

/** All files together, unpacked: they are read into memory at once to check, index or send a version. */
export const MOST_BYTES = 32 * 1024 * 1024;

/** One folder as git stores it: mode, name of at most 100 bytes and id for each entry. */
export const MOST_TREE_BYTES = MOST_ENTRIES * 128;

/** A commit with its message: all commits of a branch are read and shown together. */
export const MOST_COMMIT_BYTES = 64 * 1024;

export const TOO_MANY_ENTRIES = `a version can have at most ${MOST_ENTRIES} files and folders`;
export const TOO_MANY_BYTES = `the files of a version can have at most ${MOST_BYTES} bytes together`;
