import MersenneTwister from 'mersenne-twister';

/** The draws of CPython's `random.Random(seed)` that sampling needs: the same seed gives the same numbers. */
export interface PythonRandom {
  /** A whole number from 0 to `limit` − 1. */
  below(limit: number): number;
  /** A number from 0 up to but not including 1, with 53 bits. */
  unit(): number;
  /** `count` different items, as CPython's `random.sample(items, count)` picks and orders them. */
  sample<T>(items: readonly T[], count: number): T[];
}

/** Above this share of the list, CPython draws from a copy of the list; below, it remembers what it has drawn. */
function drawsFromCopy(length: number, count: number): boolean {
  let remembered = 21; // what a small set takes, less what an empty list takes
  if (count > 5) remembered += 4 ** Math.ceil(Math.log(count * 3) / Math.log(4));
  return length <= remembered;
}

/**
 * CPython's generator (Mersenne Twister, seeded by array).
 *
 * @param seed a whole number from 0 to 2³² − 1, or the 32-bit words of a larger one, lowest first.
 */
export function createPythonRandom(seed: number | readonly number[]): PythonRandom {
  const generator = new MersenneTwister(0);
  generator.init_by_array(typeof seed === 'number' ? [seed] : [...seed], typeof seed === 'number' ? 1 : seed.length);

  const below = (limit: number): number => {
    const shift = Math.clz32(limit);
    for (;;) {
      const draw = generator.random_int() >>> shift;
      if (draw < limit) return draw;
    }
  };
  return {
    below,
    unit: () => generator.random_long(),
    sample: <T>(items: readonly T[], count: number): T[] => {
      const length = items.length;
      if (count > length) throw new RangeError(`Cannot draw ${count} of ${length} items.`);
      if (drawsFromCopy(length, count)) {
        const pool = [...items];
        return Array.from({ length: count }, (_, drawn) => {
          const index = below(length - drawn);
          const item = pool[index];
          pool[index] = pool[length - drawn - 1];
          return item;
        });
      }
      const taken = new Set<number>();
      return Array.from({ length: count }, () => {
        let index = below(length);
        while (taken.has(index)) index = below(length);
        taken.add(index);
        return items[index];
      });
    },
  };
}
