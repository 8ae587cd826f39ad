export { DeptHead } from './dept-head.js';
export { deptOptions } from './options.js';
export { dept, plugins } from './plugin.js';
