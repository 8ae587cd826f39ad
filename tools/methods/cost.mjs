import { read } from './readme.mjs';

/** What measure-cost.mjs measured. */
export const { setting, methods: costs } = JSON.parse(read('tools/methods/cost.json'));

const count = (value) => value.toLocaleString('en');

/** In words: how many parameters a method learns in the setting that was measured. */
export function learnedParameters(name) {
  const { learned } = costs[name];
  return `${count(learned)} (${setting.architecture}, ${setting.classes} classes${name === 'tip-adapter' ? `, ${setting.shots} shots` : ''})`;
}

/** The cells of a method in the table of costs: learned parameters, seconds of a step, memory. */
export function costCells(name) {
  const { learned, seconds, peakBytes, cached, batch } = costs[name];
  if (peakBytes === undefined) return [count(learned), '–', '–'];
  const note = batch === 1 ? '¹' : '';
  return [count(learned), `${seconds ?? ''}${note}${cached ? '' : ' ²'}`, (peakBytes / 2 ** 30).toFixed(1)];
}
