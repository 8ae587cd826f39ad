declare module 'mersenne-twister' {
  /** Mersenne Twister MT19937. */
  class MersenneTwister {
    constructor(seed?: number);
    init_by_array(key: number[], length: number): void;
    /** 32 random bits. */
    random_int(): number;
    /** [0, 1) with 53 bits. */
    random_long(): number;
  }
  export = MersenneTwister;
}
