import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, statfsSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { skipped } from "./needs";
import { temporaryFolder } from "./temporary-folder";

/** A disk of the test's own, in memory, that can be made full. */
export class SmallDisk {
  private constructor(readonly folder: string) {}

  /** @returns undefined where nobody may mount: the test is skipped then */
  static mount(test: TestContext, kilobytes = 64): SmallDisk | undefined {
    const disk = SmallDisk.tryMount(test, kilobytes);
    if (!disk) test.skip(skipped("needs the right to mount").skip);
    return disk;
  }

  /** @returns undefined where nobody may mount */
  static tryMount(test: TestContext, kilobytes: number): SmallDisk | undefined {
    let folder = "";
    // before the folder around it goes, though a file may still be open
    test.after(() => spawnSync("umount", ["-l", folder]));
    const around = temporaryFolder(test);
    chmodSync(around, 0o755);
    folder = path.join(around, "disk");
    mkdirSync(folder);
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", folder]);
    return mounted.status === 0 ? new SmallDisk(folder) : undefined;
  }

  /** Leaves room for so many blocks of 4 KB. */
  fill(blocksLeft: number): void {
    const { bfree, bsize } = statfsSync(this.folder);
    writeFileSync(path.join(this.folder, "others"), Buffer.alloc((bfree - blocksLeft) * bsize));
  }
}
