import { ConfigError, hostTensor } from '@promptweave/core';
import { expect, it } from 'vitest';
import { Graph } from './graph.js';

it('says before it is written that a file would be larger than ONNX allows', () => {
  const graph = new Graph();
  const count = 2 ** 29; // 2 GiB that nobody touches
  graph.tensor('large', hostTensor(new Float32Array(count), [count]));
  expect(() => graph.encode([], [], {}, 'test')).toThrow(ConfigError);
  expect(new Graph().encode([], [], {}, 'test').length).toBeGreaterThan(0);
});
