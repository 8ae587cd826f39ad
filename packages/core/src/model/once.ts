/** Values that are computed when they are first asked for, and once. */
export class Once {
  private readonly values = new Map<string, unknown>();

  get<T>(key: string, compute: () => T): T {
    if (!this.values.has(key)) this.values.set(key, compute());
    return this.values.get(key) as T;
  }
}
