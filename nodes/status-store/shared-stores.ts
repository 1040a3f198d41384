import { realpathSync } from "node:fs";
import path from "node:path";
import type { Store } from "./store";

/** A node's share of a store. */
export interface Lease {
  store: Store;
  /** True for the one that speaks for the store, so that nothing is said twice. */
  isFirst(): boolean;
  /** Resolves once the store has ended, or at once where another one still has it. */
  release(): Promise<void>;
}

/**
 * One store for each file, however many status-database nodes name it: every imported flow brings its own, and two that
 * write into one file would each pass over the streams that only the other one knows.
 */
export class SharedStores {
  private readonly held = new Map<string, { store: Store; leases: Lease[] }>();

  /**
   * @param place what tells it from others: placeOfFile, or anything else that no file is named
   * @param make called, and the store started, where nobody has it yet
   */
  lease(place: string, make: () => Store): Lease {
    let one = this.held.get(place);
    if (!one) {
      one = { store: make(), leases: [] };
      this.held.set(place, one);
      one.store.start();
    }
    const { store, leases } = one;
    const lease: Lease = {
      store,
      isFirst: () => leases[0] === lease,
      release: async () => {
        const index = leases.indexOf(lease);
        if (index < 0) return;
        leases.splice(index, 1);
        if (leases.length > 0) return;
        this.held.delete(place);
        await store.stop();
      },
    };
    leases.push(lease);
    return lease;
  }
}

/** The same for all ways to a file, over links too, also before there is one. */
export function placeOfFile(file: string): string {
  const absolute = path.resolve(file);
  return realPath(absolute) ?? path.join(placeOfFolder(path.dirname(absolute)), path.basename(absolute));
}

function placeOfFolder(folder: string): string {
  const parent = path.dirname(folder);
  return (
    realPath(folder) ?? (parent === folder ? folder : path.join(placeOfFolder(parent), path.basename(folder)))
  );
}

function realPath(file: string): string | undefined {
  try {
    return realpathSync(file);
  } catch {
    return undefined;
  }
}
