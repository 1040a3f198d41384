/** Something that waits for its turn. */
export interface Job {
  readonly host: string;
  run(): void;
}

/**
 * How many probes may run at once, in all and per host. A job that may not run yet waits in the order of arrival, and a
 * host that is full holds up no other.
 */
export class Limits {
  private running = 0;
  private readonly runningPerHost = new Map<string, number>();
  /** Jobs whose host has room, in order. */
  private readonly ready: Job[] = [];
  /** Jobs whose host is full. */
  private readonly held = new Map<string, Job[]>();

  constructor(
    private most: number,
    private mostPerHost: number,
  ) {}

  get inFlight(): number {
    return this.running;
  }

  get waiting(): number {
    let count = this.ready.length;
    for (const jobs of this.held.values()) count += jobs.length;
    return count;
  }

  change(most: number, mostPerHost: number): void {
    this.most = most;
    this.mostPerHost = mostPerHost;
    for (const host of [...this.held.keys()]) this.release(host);
    this.runReady();
  }

  /** Runs the job now, or as soon as there is room. Each job that ran must be followed by `done`. */
  submit(job: Job): void {
    if ((this.runningPerHost.get(job.host) ?? 0) >= this.mostPerHost) this.hold(job);
    else if (this.running >= this.most) this.ready.push(job);
    else this.start(job);
  }

  done(job: Job): void {
    this.running--;
    const left = (this.runningPerHost.get(job.host) ?? 1) - 1;
    if (left > 0) this.runningPerHost.set(job.host, left);
    else this.runningPerHost.delete(job.host);
    this.release(job.host);
    this.runReady();
  }

  /** Takes a job that still waits out of the queue. @returns false when it did not wait */
  cancel(job: Job): boolean {
    const held = this.held.get(job.host) ?? [];
    return remove(this.ready, job) || remove(held, job);
  }

  private start(job: Job): void {
    this.running++;
    this.runningPerHost.set(job.host, (this.runningPerHost.get(job.host) ?? 0) + 1);
    job.run();
  }

  private hold(job: Job): void {
    const jobs = this.held.get(job.host);
    if (jobs) jobs.push(job);
    else this.held.set(job.host, [job]);
  }

  /** As many jobs as this host has room for join those that are ready. */
  private release(host: string): void {
    const jobs = this.held.get(host);
    if (!jobs) return;
    this.ready.push(...jobs.splice(0, this.mostPerHost - (this.runningPerHost.get(host) ?? 0)));
    if (jobs.length === 0) this.held.delete(host);
  }

  private runReady(): void {
    while (this.running < this.most) {
      const job = this.ready.shift();
      if (!job) return;
      // the host may have filled up while the job waited for its turn
      this.submit(job);
    }
  }
}

function remove(jobs: Job[], job: Job): boolean {
  const index = jobs.indexOf(job);
  if (index >= 0) jobs.splice(index, 1);
  return index >= 0;
}
