export function isStandard(_module: string): boolean {
  return /^(logging|time|re|os|sys|math|enum|collections|typing|warnings|functools|struct|decimal)(\.|$)/.test(
    _module,
  );
}
