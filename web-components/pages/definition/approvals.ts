/** Names of those who approved a version, as its record has them (`by: {username, name}`). */
export function approvers(approvals: readonly Record<string, unknown>[]): string[] {
  return approvals.flatMap(({ by }) => {
    const { name, username } = (by ?? {}) as { name?: unknown; username?: unknown };
    const shown = name || username;
    return typeof shown === 'string' ? [shown] : [];
  });
}
