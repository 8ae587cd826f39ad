/// <reference lib="dom" />
import * as tf from '@tensorflow/tfjs-core';
import { decodeImage, loadModel, type ImageModel, type Prediction } from '../src/index.js';

const byId = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T;
const status = byId('status');

/** Ways to compute, the fastest first. `?backend=NAME` takes one of them. */
const backends: Readonly<Record<string, () => Promise<unknown>>> = {
  webgpu: () => import('./webgpu.js'),
  webgl: () => import('./webgl.js'),
  wasm: () => import('./wasm.js'),
};

async function chooseBackend(): Promise<string> {
  const wanted = new URLSearchParams(location.search).get('backend');
  const names = wanted ? [wanted] : Object.keys(backends).filter((name) => name !== 'webgpu' || 'gpu' in navigator);
  for (const name of names) {
    try {
      await backends[name]!();
      if (await tf.setBackend(name)) return name;
    } catch (error) {
      console.info(`No ${name}: ${String(error)}`);
    }
  }
  throw new Error(`This browser can compute with none of ${names.join(', ')}.`);
}

function element(name: string, text: string): HTMLElement {
  return Object.assign(document.createElement(name), { textContent: text });
}

function listOf(predictions: readonly Prediction[]): HTMLElement {
  const list = document.createElement('ol');
  for (const { label, probability } of predictions) {
    const item = element('li', `${label} ${(100 * probability).toFixed(1)} %`);
    Object.assign(item.dataset, { label, probability });
    list.append(item);
  }
  return list;
}

/** One image after the other: the model is computed once at a time. */
let last: Promise<unknown> = Promise.resolve();
function predict(model: ImageModel, source: ImageBitmapSource): Promise<readonly Prediction[]> {
  const turn = last.then(async () => (await model.predict([await decodeImage(source)]))[0]!);
  last = turn.catch(() => undefined);
  return turn;
}

async function show(model: ImageModel, files: Iterable<File>): Promise<void> {
  for (const file of files) {
    const figure = document.createElement('figure');
    figure.dataset.name = file.name;
    figure.append(Object.assign(new Image(), { src: URL.createObjectURL(file), alt: file.name }), element('p', '…'));
    byId('answers').prepend(figure);
    const answer = await predict(model, file).then(listOf, (error: Error) =>
      // A DOMException comes of decoding alone.
      Object.assign(
        element('p', error instanceof DOMException ? 'This browser cannot read the image.' : error.message),
        {
          className: 'error',
        },
      ),
    );
    figure.lastChild!.replaceWith(answer);
  }
}

/** Shows what the camera sees, until it is switched off. */
function useCamera(model: ImageModel): void {
  const button = byId<HTMLButtonElement>('camera');
  const video = byId<HTMLVideoElement>('video');
  const seen = byId('seen');
  button.onclick = async () => {
    if (video.srcObject) {
      for (const track of (video.srcObject as MediaStream).getTracks()) track.stop();
      video.srcObject = null;
      seen.replaceChildren();
      return;
    }
    try {
      video.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
      await video.play();
    } catch (error) {
      seen.replaceChildren(element('p', `The camera cannot be used: ${(error as Error).message}`));
      return;
    }
    while (video.srcObject) {
      seen.replaceChildren(listOf(await predict(model, video)));
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
}

try {
  const backend = await chooseBackend();
  status.textContent = 'The model is loaded …';
  const model = await loadModel(new URL('model.safetensors', location.href));
  document.title = model.classNames.slice(0, 3).join(', ');
  status.textContent = `${model.classNames.length} classes, computed in this browser (${backend}); no image leaves it.`;
  status.dataset.backend = backend;
  const drop = byId('drop');
  byId<HTMLInputElement>('files').onchange = (event) =>
    void show(model, (event.target as HTMLInputElement).files ?? []);
  document.ondragover = (event) => {
    event.preventDefault();
    drop.className = 'over';
  };
  document.ondragleave = () => (drop.className = '');
  document.ondrop = (event) => {
    event.preventDefault();
    drop.className = '';
    void show(model, event.dataTransfer?.files ?? []);
  };
  useCamera(model);
} catch (error) {
  status.textContent = (error as Error).message;
  status.className = 'error';
}
