import { readdirSync, readFileSync } from "node:fs";
import process from "node:process";

/** What this process has used of all cores so far, its threads included. */
export function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** `USER_HZ`: what /proc counts in, on every Linux that Node.js runs on. */
const TICKS_PER_SECOND = 100;

/**
 * What another process and all that it has started have used so far, their threads included.
 * @returns undefined where there is no /proc to read it from
 */
export function treeCpuSeconds(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(readStat)
    .filter((stat) => stat !== undefined);
  const tree = new Set([pid]);
  for (let before = 0; before < tree.size;) {
    before = tree.size;
    for (const each of processes) if (tree.has(each.parent)) tree.add(each.pid);
  }
  const ticks = processes.filter((each) => tree.has(each.pid)).reduce((sum, each) => sum + each.ticks, 0);
  return ticks / TICKS_PER_SECOND;
}

/** proc(5): the second field is the program's name in brackets, and may itself hold blanks and brackets. */
function readStat(name: string): { pid: number; parent: number; ticks: number } | undefined {
  try {
    const text = readFileSync(`/proc/${name}/stat`, "latin1");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return { pid: Number(name), parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined; // it has ended meanwhile
  }
}
