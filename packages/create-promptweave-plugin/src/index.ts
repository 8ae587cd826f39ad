export { choose, type Wishes } from './choose.js';
export { Fault } from './fault.js';
export { pluginGenerator, type PluginGeneratorOptions } from './nx-generator.js';
export type { Project } from './project.js';
export { projectFiles } from './project-files.js';
export { kinds } from './templates.js';
