/** Written by `kernels.mjs`: registers a backend's kernels. */
declare module 'kernels:*';
