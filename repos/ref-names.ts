/** Whether git-check-ref-format(1) accepts the name; only full names (`refs/…`) are refs here. */
export function isRefName(name: string): boolean {
  return (
    name.startsWith('refs/') &&
    !/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/$|\.$/.test(name) &&
    name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock')) &&
    Buffer.from(name).toString() === name
  );
}
