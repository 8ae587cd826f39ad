export { plugins } from './plugin.js';
export { ImageTerm, LogitsTerm, TextTerm } from './losses.js';
export { teacherTemplates } from './templates.js';
