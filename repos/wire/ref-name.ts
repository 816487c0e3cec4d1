/** Whether git would take `name` as a full ref name in a push (git-check-ref-format(1), below `refs/`). */
export function isRefName(name: string): boolean {
  return (
    name.startsWith('refs/') &&
    name.split('/').length >= 3 &&
    Buffer.byteLength(name) <= 1024 &&
    !/[\0-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|\/$|\.$/.test(name) &&
    name.split('/').every((part) => !part.startsWith('.') && !part.endsWith('.lock'))
  );
}
