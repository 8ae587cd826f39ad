import type { Backbone } from '../contracts/backbone.js';

/** Backbones by what they were made from, so that several experiments in one process load each only once. */
export class BackboneCache {
  private readonly backbones = new Map<string, Promise<Backbone>>();

  /** The backbone under this key; one that failed to load is tried again next time. */
  get(key: string, create: () => Promise<Backbone>): Promise<Backbone> {
    const known = this.backbones.get(key);
    if (known) return known;
    const created = create();
    this.backbones.set(key, created);
    created.catch(() => this.backbones.delete(key));
    return created;
  }

  /** Frees all backbones; no experiment may use them any more. */
  async dispose(): Promise<void> {
    const all = await Promise.allSettled(this.backbones.values());
    this.backbones.clear();
    for (const outcome of all) if (outcome.status === 'fulfilled') outcome.value.dispose();
  }
}
