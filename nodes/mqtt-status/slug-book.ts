import { slugOf } from "./topics";

export interface Named {
  /** Lasting. */
  id: number;
  name: string;
}

/**
 * Which stream has which level in the topics. A stream keeps its slug as long as its name would give it, even when
 * the stream that made a suffix necessary is gone: whoever subscribed should not have to look again.
 */
export class SlugBook {
  private readonly slugs = new Map<number, string>();
  /** The names that the slugs were last found to fit. */
  private readonly names = new Map<number, string>();
  private readonly owners = new Map<string, number>();

  slug(id: number): string | undefined {
    return this.slugs.get(id);
  }

  ids(): number[] {
    return [...this.slugs.keys()];
  }

  all(): string[] {
    return [...this.slugs.values()];
  }

  owner(slug: string): number | undefined {
    return this.owners.get(slug);
  }

  /**
   * Takes over a slug that a run before has given.
   * @returns false when it cannot be this stream's any more
   */
  adopt(slug: string, { id, name }: Named): boolean {
    if (this.slugs.has(id) || this.owners.has(slug) || !fits(slug, name, id)) return false;
    this.give(slug, id, name);
    return true;
  }

  /**
   * Holds a slug that a run before has given, for a stream whose name is not known yet.
   * @returns false when it is held for another one, or another one for it
   */
  hold(slug: string, id: number): boolean {
    if (this.slugs.has(id) || this.owners.has(slug)) return false;
    this.slugs.set(id, slug);
    this.owners.set(slug, id);
    return true;
  }

  /** Gives slugs to those that have none or were renamed. @returns the slugs that nobody has any more */
  assign(streams: Iterable<Named>): string[] {
    const freed: string[] = [];
    const wanting: Named[] = [];
    for (const stream of streams) {
      const { id, name } = stream;
      const slug = this.slugs.get(id);
      if (slug !== undefined && this.names.get(id) === name) continue;
      if (slug !== undefined && fits(slug, name, id)) this.names.set(id, name);
      else {
        freed.push(...this.release(id));
        wanting.push(stream);
      }
    }
    // in the order of ids, so that two runs that begin with nothing come to the same
    for (const { id, name } of wanting.sort((one, other) => one.id - other.id)) {
      for (const slug of candidates(name, id)) {
        if (this.owners.has(slug)) continue;
        this.give(slug, id, name);
        break;
      }
    }
    return freed.filter((slug) => !this.owners.has(slug));
  }

  /** @returns the slug that this stream had, or nothing */
  release(id: number): string[] {
    const slug = this.slugs.get(id);
    if (slug === undefined) return [];
    this.slugs.delete(id);
    this.names.delete(id);
    this.owners.delete(slug);
    return [slug];
  }

  private give(slug: string, id: number, name: string): void {
    this.hold(slug, id);
    this.names.set(id, name);
  }
}

/** In the order of preference. A name may look like another stream's slug with its suffix, so there is always one more. */
function* candidates(name: string, id: number): Generator<string, never> {
  let slug = slugOf(name) || `stream_${id}`;
  for (;;) {
    yield slug;
    slug = `${slug}_${id}`;
  }
}

function fits(slug: string, name: string, id: number): boolean {
  for (const candidate of candidates(name, id)) {
    if (candidate === slug) return true;
    if (candidate.length > slug.length) return false;
  }
  return false;
}
