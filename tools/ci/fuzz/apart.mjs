import { fork } from 'node:child_process';

/** Seconds and bytes that one input may take. */
export const SECONDS = 10;
export const MOST_MEMORY = 2 ** 30;

/**
 * A process that tries inputs, so that one that ends it or hangs is a fault of its input and no more. It sends `ready`, and an answer to
 * each message; it has ended where an answer says so.
 *
 * @param program that is run, with these words and variables
 */
export function startApart(program, words, environment) {
  const child = fork(program, words, { env: { ...process.env, ...environment } });
  let settle = () => undefined;
  child.on('message', (answer) => settle(answer));
  child.on('exit', (code, signal) => settle({ fault: `the process ended: ${signal ?? code}`, ended: true }));
  const answer = (seconds) =>
    new Promise((resolve) => {
      const late = () => {
        child.kill('SIGKILL');
        resolve({ fault: `it took more than ${seconds} seconds`, ended: true });
      };
      const timer = setTimeout(late, seconds * 1000);
      settle = (given) => {
        clearTimeout(timer);
        resolve(given);
      };
    });
  return {
    ready: answer(60),
    ask: (message) => {
      const given = answer(SECONDS);
      child.send(message);
      return given;
    },
    end: () => child.connected && child.disconnect(),
  };
}
