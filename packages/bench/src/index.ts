export * from './benchmark/index.js';
export * from './protocols/index.js';
export * from './report/index.js';
export * from './sweep/index.js';
export { ABSOLUTE_TOLERANCE, RELATIVE_TOLERANCE, type TensorComparison } from './verify/comparison.js';
export { type FixtureSet } from './verify/fixture-set.js';
export { verify, type RunVerdict, type VerifyOptions } from './verify/verify.js';
export { architectureNamed, architectures } from './speed/architectures.js';
export { costOf, type CostReport, type CostRow } from './speed/cost.js';
export { measureMatmulPeak } from './speed/matmul-peak.js';
export {
  measureStep,
  measureVisionTower,
  speedMethodNamed,
  type SpeedMethod,
  type StepTimes,
} from './speed/measure-step.js';
export { fastWork, plainWork, type StepShape, type StepWork } from './speed/work.js';
