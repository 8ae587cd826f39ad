/** Spearman's rank correlation of two lists, and its two-sided p-value by all orders of one of them. */
export declare function rankCorrelation(
  first: readonly number[],
  second: readonly number[],
): { readonly rho: number; readonly p: number };
