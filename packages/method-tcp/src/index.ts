export { tcpOptions } from './options.js';
export { plugins, tcp } from './plugin.js';
export { TcpLearner } from './tcp-learner.js';
