import { expect, it } from 'vitest';
import { gpuMetrics, SystemMetrics } from './system-metrics.js';

it('reads the lines of nvidia-smi, under the names of MLflow', () => {
  const figures = gpuMetrics('0, 45, 1024, 4096, 75.50, 300.00\n1, [N/A], 10, 40, [N/A], [Not Supported]\n');
  expect(figures).toEqual({
    'system/gpu_0_utilization_percentage': 45,
    'system/gpu_0_memory_usage_megabytes': 1073.741824,
    'system/gpu_0_memory_usage_percentage': 25,
    'system/gpu_0_power_usage_watts': 75.5,
    'system/gpu_0_power_usage_percentage': (100 * 75.5) / 300,
    'system/gpu_1_memory_usage_megabytes': 10.48576,
    'system/gpu_1_memory_usage_percentage': 25,
  });
  expect(gpuMetrics('')).toEqual({});
});

it('has the processors and the memory of any machine, and asks for GPUs no more where there are none', async () => {
  let asked = 0;
  const metrics = new SystemMetrics(() => Promise.reject(new Error(`no such program, ${++asked}`)));
  for (let end = performance.now() + 30; performance.now() < end;); // processors have something to do
  const first = await metrics.sample();
  await metrics.sample();
  expect(asked).toBe(1);
  expect(first['system/system_memory_usage_percentage']).toBeGreaterThan(0);
  expect(first['system/system_memory_usage_percentage']).toBeLessThanOrEqual(100);
  expect(first['system/cpu_utilization_percentage'] ?? 50).toBeGreaterThan(0);
  expect(first['system/cpu_utilization_percentage'] ?? 50).toBeLessThanOrEqual(100);
});
