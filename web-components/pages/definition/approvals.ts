/**
 * The names of the people who approved a version. In the version's record, an approval looks like `by: {username,
 * name}`.
 */
export function approvers(approvals: readonly Record<string, unknown>[]): string[] {
  return approvals.flatMap(({ by }) => {
    const { name, username } = (by ?? {}) as { name?: unknown; username?: unknown };
    const shown = name || username;
    return typeof shown === 'string' ? [shown] : [];
  });
}
