import { CHECK_FIELDS, type StoreOperation } from "./store-messages";

/**
 * What waits for the next commit, in the order in which it happened. While nothing can be written it grows to a bound;
 * then the oldest goes.
 */
export class OperationQueue {
  private operations: StoreOperation[] = [];
  private weight = 0;
  /** Checks that wait. */
  checks = 0;
  /** Checks that were given up. */
  dropped = 0;

  /** @param most checks and other events that are held */
  constructor(private readonly most: number) {}

  /** One list of streams is enough: a newer one takes the place of one that still waits, ahead of its checks. */
  push(operation: StoreOperation): void {
    if (operation.kind === "streams") {
      const index = this.operations.findIndex(({ kind }) => kind === "streams");
      const waiting = this.operations[index];
      if (waiting?.kind === "streams") {
        this.operations[index] = { ...operation, renames: [...waiting.renames, ...operation.renames] };
        return;
      }
    }
    this.add([operation], "end");
  }

  pushFirst(operation: StoreOperation): void {
    this.add([operation], "begin");
  }

  /** Oldest first. */
  all(): readonly StoreOperation[] {
    return this.operations;
  }

  /** The smallest number of those that have one. */
  get firstNumber(): number | undefined {
    const numbers = this.operations.flatMap(({ number }) => number ?? []);
    return numbers.length === 0 ? undefined : Math.min(...numbers);
  }

  /** Takes out those up to a number. */
  settle(number: number): void {
    const isOpen = (operation: StoreOperation) => (operation.number ?? 0) > number;
    if (this.operations.every(isOpen)) return;
    this.operations = this.operations.filter(isOpen);
    this.weight = this.operations.reduce((sum, operation) => sum + weightOf(operation), 0);
    this.checks = this.operations.reduce((sum, operation) => sum + checksIn(operation), 0);
  }

  has(kind: StoreOperation["kind"]): boolean {
    return this.operations.some((operation) => operation.kind === kind);
  }

  get isEmpty(): boolean {
    return this.operations.length === 0;
  }

  take(): StoreOperation[] {
    const taken = this.operations;
    this.operations = [];
    this.weight = this.checks = 0;
    return taken;
  }

  /** After a commit that failed: these are older than what came since. */
  putBack(operations: StoreOperation[]): void {
    this.add(operations, "begin");
  }

  private add(operations: StoreOperation[], place: "begin" | "end"): void {
    this.operations =
      place === "begin" ? [...operations, ...this.operations] : this.operations.concat(operations);
    for (const operation of operations) {
      this.weight += weightOf(operation);
      this.checks += checksIn(operation);
    }
    while (this.weight > this.most && this.dropOldest());
  }

  private dropOldest(): boolean {
    const index = this.operations.findIndex(({ kind }) => kind !== "streams" && kind !== "forget");
    const [oldest] = index < 0 ? [] : this.operations.splice(index, 1);
    if (!oldest) return false;
    this.weight -= weightOf(oldest);
    this.checks -= checksIn(oldest);
    this.dropped += checksIn(oldest);
    return true;
  }
}

export function checksIn(operation: StoreOperation): number {
  return operation.kind === "checks" ? operation.flat.length / CHECK_FIELDS : 0;
}

function weightOf(operation: StoreOperation): number {
  if (operation.kind === "streams" || operation.kind === "forget") return 0;
  if (operation.kind === "states") return operation.states.length;
  return operation.kind === "media" ? operation.media.length : Math.max(checksIn(operation), 1);
}
