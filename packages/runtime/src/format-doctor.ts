import type { DoctorReport } from './doctor.js';

/** The report as lines for a terminal; what is missing comes last, each with what to do. */
export function formatDoctor(report: DoctorReport): string {
  const { node, cpu, memory, backend, matmul, bfloat16, tools } = report;
  const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const limit = memory.containerLimit ? `, this container may use ${gibibytes(memory.containerLimit)}` : '';
  const none = report.installations.some((entry) => !entry.problem)
    ? 'none, which only an installation needs'
    : 'missing';
  const rows: [string, string][] = [
    ['Node', `${node.version} on ${node.platform}-${node.architecture}`],
    ['CPU', `${cpu.model}, ${cpu.cores} cores${cpu.features.length ? ` (${cpu.features.join(', ')})` : ''}`],
    ['Memory', `${gibibytes(memory.total)}${limit}, ${gibibytes(memory.available)} available`],
    ['GPU', gpuText(report)],
    ['Backend', `${backend.name}. ${backend.why}`],
    [
      'Speed',
      `${matmul.gflops} GFLOP/s (${backend.tensorFloat32 ? 'TF32' : 'float32'} product of two ${matmul.size} × ${matmul.size} matrices)`,
    ],
    ['bfloat16', bfloat16Text(bfloat16)],
    ['Compiler', tools.compiler ?? none],
    ['Python, pip', tools.python ?? none],
    ['npm', tools.npm ?? 'missing'],
    ['Cache', report.caches.promptweave],
    ...report.installations.map((entry): [string, string] => [
      'Runtime',
      `${entry.name}, ${(entry.bytes / 1e6).toFixed(0)} MB${entry.problem ? `, unusable: ${entry.problem}` : ''}`,
    ]),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  const lines = rows.map(([label, text]) => `${label.padEnd(width)}  ${text}`);
  if (report.missing.length === 0) return [...lines, '', 'Nothing is missing.'].join('\n');
  const missing = report.missing.map(({ what, remedy }) => `- ${what}\n  ${remedy}`);
  return [...lines, '', 'Missing:', ...missing].join('\n');
}

function bfloat16Text(bfloat16: DoctorReport['bfloat16']): string {
  if ('not' in bfloat16) return `no: ${bfloat16.not}`;
  const { instruction, slower } = bfloat16;
  return slower ? `${instruction}, but float32 is faster: ${slower}` : `${instruction}, see runtime.precision`;
}

function gpuText({ gpu, backend }: DoctorReport): string {
  if (!backend.gpu) return gpu === undefined ? 'none found' : `${gpu}, not used`;
  const { name, memory, driver } = backend.gpu;
  const rounding = backend.tensorFloat32 ? 'TF32' : 'float32';
  return `${name}, ${(memory / 2 ** 30).toFixed(1)} GiB, driver ${driver}, ${rounding}`;
}
