/** Whether the name is a full ref name (`refs/…`) that git-check-ref-format(1) accepts. */
export function isRefName(name: string): boolean {
  return (
    name.startsWith('refs/') &&
    !/[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/$|\.$/.test(name) &&
    name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock')) &&
    Buffer.from(name).toString() === name
  );
}
