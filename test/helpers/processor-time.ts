/**
 * Returns the CPU milliseconds that `work` takes in this thread. Other load on the machine hardly affects this time.
 */
export function processorTime(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}
