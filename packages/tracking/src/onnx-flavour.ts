import { stringify } from 'yaml';

/** A model as an ONNX file: images in, bytes of red, green and blue [N, height, width, 3]; `logits` and `probabilities` [N, C] out. */
export interface OnnxModel {
  readonly content: Uint8Array;
  /** In the order of the outputs. */
  readonly classNames: readonly string[];
  /** How its values are stored. */
  readonly precision: 'float32' | 'float16';
}

const FILE = 'model.onnx';
/** The first versions that have what the file needs: opset 18 and the resizing in it. */
const requirements = ['mlflow>=2.14', 'numpy', 'onnx>=1.15', 'onnxruntime>=1.17'];
const PYTHON = '3.11';

/** What `MLmodel` says, so that MLflow's `pyfunc` and its ONNX flavour load the file. */
export const onnxFlavours = {
  onnx: { data: FILE, providers: ['CPUExecutionProvider'], code: null },
  python_function: {
    loader_module: 'mlflow.onnx',
    data: FILE,
    python_version: `${PYTHON}.0`,
    env: { conda: 'conda.yaml', virtualenv: 'python_env.yaml' },
  },
};

/** Its inputs and outputs, as MLflow checks them. The one input is taken as an array, or by its name. */
export function onnxSignature({ classNames }: OnnxModel): { readonly inputs: object[]; readonly outputs: object[] } {
  const tensor = (name: string, dtype: string, shape: number[]): object => ({
    ...{ name, type: 'tensor', required: true },
    'tensor-spec': { dtype, shape },
  });
  const outputs = ['logits', 'probabilities'].map((name) => tensor(name, 'float32', [-1, classNames.length]));
  return { inputs: [tensor('image', 'uint8', [-1, -1, -1, 3])], outputs };
}

/** The files of the flavours, by their paths in the model's folder. */
export function onnxFiles({ content }: OnnxModel): ReadonlyMap<string, string | Uint8Array> {
  const conda = [`python=${PYTHON}`, 'pip', { pip: requirements }];
  return new Map<string, string | Uint8Array>([
    [FILE, content],
    ['requirements.txt', `${requirements.join('\n')}\n`],
    ['python_env.yaml', stringify({ python: `${PYTHON}.0`, dependencies: ['-r requirements.txt'] })],
    ['conda.yaml', stringify({ name: 'mlflow-env', channels: ['conda-forge'], dependencies: conda })],
  ]);
}
