import { execFile } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { promisify } from 'node:util';

const MEGABYTE = 1e6;
/** What `nvidia-smi` is asked for, and how MLflow calls it. */
const GPU_FIELDS = ['index', 'utilization.gpu', 'memory.used', 'memory.total', 'power.draw', 'power.limit'] as const;
const PATIENCE = 5000;

/** Answers of `nvidia-smi`, as text. */
export type AskGpus = () => Promise<string>;

/**
 * What a machine does, under MLflow's own names (`system/cpu_utilization_percentage`, …), which its pages show apart from the metrics of the run:
 * processors and memory of the whole machine, and its NVIDIA GPUs where `nvidia-smi` is there.
 */
export class SystemMetrics {
  private before = processorTimes();
  private hasGpus = true;

  constructor(private readonly askGpus: AskGpus = nvidiaSmi) {}

  /** The use of the processors is that since the last sample. Never rejects: what cannot be measured is not there. */
  async sample(): Promise<Record<string, number>> {
    return { ...this.ofMachine(), ...(await this.ofGpus()) };
  }

  /** The same without the GPUs, which have to be asked; at once. */
  ofMachine(): Record<string, number> {
    const now = processorTimes();
    const [busy, all] = [now.busy - this.before.busy, now.all - this.before.all];
    this.before = now;
    const total = totalmem();
    const used = total - process.availableMemory();
    return {
      ...(all > 0 && { 'system/cpu_utilization_percentage': (100 * busy) / all }),
      'system/system_memory_usage_megabytes': used / MEGABYTE,
      'system/system_memory_usage_percentage': (100 * used) / total,
    };
  }

  private async ofGpus(): Promise<Record<string, number>> {
    if (!this.hasGpus) return {};
    try {
      return gpuMetrics(await this.askGpus());
    } catch {
      this.hasGpus = false; // no NVIDIA GPU here, or one that does not answer: not asked again
      return {};
    }
  }
}

/** Figures of GPUs from lines of `nvidia-smi`; what a GPU does not tell (`[N/A]`) is left out. */
export function gpuMetrics(lines: string): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const line of lines.split('\n').filter((text) => text.trim() !== '')) {
    const [index, ...told] = line.split(',').map((text) => text.trim());
    const [utilization, used, total, draw, limit] = told.map((text) => (/^[\d.]+$/.test(text) ? Number(text) : NaN));
    const named = {
      utilization_percentage: utilization!,
      memory_usage_megabytes: (used! * 2 ** 20) / MEGABYTE,
      memory_usage_percentage: (100 * used!) / total!,
      power_usage_watts: draw!,
      power_usage_percentage: (100 * draw!) / limit!,
    };
    for (const [name, value] of Object.entries(named)) {
      if (Number.isFinite(value)) figures[`system/gpu_${index}_${name}`] = value;
    }
  }
  return figures;
}

async function nvidiaSmi(): Promise<string> {
  const words = [`--query-gpu=${GPU_FIELDS.join(',')}`, '--format=csv,noheader,nounits'];
  return (await promisify(execFile)('nvidia-smi', words, { timeout: PATIENCE })).stdout;
}

/** Milliseconds of all processors since the machine began. */
function processorTimes(): { readonly busy: number; readonly all: number } {
  let [busy, all] = [0, 0];
  for (const { times } of cpus()) {
    const sum = times.user + times.nice + times.sys + times.irq + times.idle;
    all += sum;
    busy += sum - times.idle;
  }
  return { busy, all };
}
