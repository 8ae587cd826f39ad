export * from './benchmark/index.js';
export * from './protocols/index.js';
export * from './report/index.js';
export * from './sweep/index.js';
export { shellWord } from './shell-word.js';
export { TOLERANCES, type TensorComparison, type Tolerances } from './verify/comparison.js';
export { type FixtureSet } from './verify/fixture-set.js';
export { openRecordedRun, verify, type RecordedRun, type RunVerdict, type VerifyOptions } from './verify/verify.js';
export { architectureNamed, architectures } from './speed/architectures.js';
export { costOf, type CostReport, type CostRow } from './speed/cost.js';
export { measureMatmulRate } from './speed/matmul-rate.js';
export { measureLoader, type LoaderTimes } from './speed/measure-loader.js';
export {
  measureStep,
  speedMethodNamed,
  speedMethodNames,
  type SpeedMethod,
  type StepTimes,
} from './speed/measure-step.js';
export { measureVisionTower, type TowerRates } from './speed/measure-vision-tower.js';
