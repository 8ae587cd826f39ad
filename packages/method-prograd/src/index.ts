export { plugins } from './plugin.js';
export { prograd } from './rule.js';
export { TeacherLoss } from './teacher-loss.js';
