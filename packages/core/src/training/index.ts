export { createOptimizer, type Optimizer, type OptimizerSettings } from './optimizer.js';
export { shuffled } from './order.js';
export { learningRateAt, type ScheduleSettings } from './schedule.js';
export { trainSettings, type TrainSettings } from './settings.js';
