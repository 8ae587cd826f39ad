/** See gpu.js. */
export function oneGpu(given: string | undefined): string;
