export { requireAgreement, type ClipConfig } from './clip-config.js';
export { readConfig } from './read-config.js';
