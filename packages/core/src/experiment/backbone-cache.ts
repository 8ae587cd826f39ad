import type { Backbone } from '../contracts/backbone.js';

interface Shared {
  readonly loading: Promise<Backbone>;
  /** There once it is loaded. */
  made?: Backbone;
  /** Experiments that were given it and have not released it. */
  users: number;
}

/**
 * Backbones by what they were made from, so that several experiments in one process load each only once. One that nobody uses any more
 * stays for the next experiment and gives way when another one is made.
 */
export class BackboneCache {
  private readonly backbones = new Map<string, Shared>();

  /** The backbone under this key, until `release`; one that failed to load is tried again next time. */
  get(key: string, create: () => Promise<Backbone>): Promise<Backbone> {
    const known = this.backbones.get(key);
    if (known) {
      known.users += 1;
      return known.loading;
    }
    this.freeUnused();
    const shared: Shared = { loading: create(), users: 1 };
    this.backbones.set(key, shared);
    shared.loading.then(
      (made) => (shared.made = made),
      () => this.backbones.delete(key),
    );
    return shared.loading;
  }

  /** Gives back what `get` gave, once for each call. */
  release(key: string): void {
    const shared = this.backbones.get(key);
    if (shared) shared.users -= 1;
  }

  /** Frees all backbones; no experiment may use them any more. */
  async dispose(): Promise<void> {
    const all = await Promise.allSettled([...this.backbones.values()].map(({ loading }) => loading));
    this.backbones.clear();
    for (const outcome of all) if (outcome.status === 'fulfilled') outcome.value.dispose();
  }

  private freeUnused(): void {
    for (const [key, { made, users }] of this.backbones) {
      if (users > 0) continue;
      this.backbones.delete(key);
      made?.dispose();
    }
  }
}
