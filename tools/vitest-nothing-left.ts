import { afterAll, vi } from 'vitest';

/** Variables that sharp and TensorFlow set, once a process, when they are loaded. */
const OF_LIBRARIES = ['VIPSHOME', 'TF_CPP_MIN_LOG_LEVEL'];

/** Test files share a process, so that a backend is loaded once: none may leave anything behind that the next one would find. */
const folder = process.cwd();
const environment = { ...process.env };

afterAll(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
  vi.useRealTimers();
  const names = new Set([...Object.keys(environment), ...Object.keys(process.env)]);
  const left = [...names].filter((name) => process.env[name] !== environment[name] && !OF_LIBRARIES.includes(name));
  for (const name of left) {
    if (environment[name] === undefined) delete process.env[name];
    else process.env[name] = environment[name];
  }
  if (process.cwd() !== folder) left.push('the working directory');
  process.chdir(folder);
  if (left.length > 0)
    throw new Error(`This test file leaves ${left.join(', ')} changed: put it back when it is done.`);
});
