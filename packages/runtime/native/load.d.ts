/** See load.js. Throws what the dynamic loader or the binding throws. */
export function loadNative(
  folder: string,
  tfjs: object,
): { tensorflowVersion: string; usesGpu: boolean; fused: boolean };
