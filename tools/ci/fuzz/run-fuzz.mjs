import { PromptweaveError } from '@promptweave/core';
import { chance } from './random.mjs';

/** Seconds and bytes that one input may take. */
const SECONDS = 10;
const BYTES = 2 ** 30;

/**
 * Tries inputs one after the other, and ends the process with 1 where one of them is a fault: an error that is not typed, or names no
 * place, or takes too long or too much memory. Usage of the programs: node tools/ci/fuzz/NAME.mjs [SEED] [COUNT]
 *
 * @param name of what is tried
 * @param make makes an input, as text, from a seed
 * @param attempt resolves where the input is taken, rejects where it is refused
 */
export async function runFuzz(name, make, attempt) {
  const [first = 1, count = 300] = process.argv.slice(2).map(Number);
  let [faults, refused] = [0, 0];
  for (let seed = first; seed < first + count; seed++) {
    const input = make(chance(seed * 7919));
    const fault = await faultOf(
      () => attempt(input),
      () => (refused += 1),
    );
    if (!fault) continue;
    faults += 1;
    console.error(`${name}, seed ${seed}: ${fault}\n${input.length > 2000 ? `${input.slice(0, 2000)}…` : input}\n`);
  }
  console.log(`fuzz ${name}: ${count} inputs, ${faults} faults`);
  if (process.env.FUZZ_TELL) console.error(`${refused} refused`);
  process.exitCode = faults === 0 ? 0 : 1;
}

/** What is wrong with how an input ended, or undefined where it was taken, or refused with a helpful error. */
export async function faultOf(attempt, onRefused = () => undefined) {
  const begun = performance.now();
  let fault;
  try {
    await attempt();
  } catch (error) {
    onRefused();
    if (process.env.FUZZ_TELL === 'all') console.error(error.message);
    if (!(error instanceof PromptweaveError)) fault = `no typed error, but ${error?.stack ?? error}`;
    else if (error.where === undefined && error.remedy === undefined)
      fault = `the error names no place: ${error.message}`;
    else if (!/\S+\s\S+/.test(error.message) || /\bundefined\b|\[object /.test(error.message))
      fault = `the message does not help: ${error.message}`;
    else if (error.message.length > 20_000) fault = `the message has ${error.message.length} signs`;
  }
  const seconds = (performance.now() - begun) / 1000;
  if (seconds > SECONDS) fault ??= `it took ${seconds.toFixed(1)} s`;
  const bytes = process.memoryUsage().rss;
  if (bytes > BYTES) fault ??= `it took ${(bytes / 2 ** 20).toFixed(0)} MiB`;
  return fault;
}
