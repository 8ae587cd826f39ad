import { createHash } from 'node:crypto';
import { hashSeed, type Dataset, type ImageItem } from '@promptweave/core';

/** A shape of radius 1 around (0, 0), as SVG. */
const shapes: Readonly<Record<string, string>> = {
  circle: '<circle r="1"/>',
  square: '<rect x="-0.8" y="-0.8" width="1.6" height="1.6"/>',
  triangle: '<polygon points="0,-1 0.87,0.5 -0.87,0.5"/>',
  star: '<polygon points="0,-1 0.24,-0.32 0.95,-0.31 0.38,0.12 0.59,0.81 0,0.4 -0.59,0.81 -0.38,0.12 -0.95,-0.31 -0.24,-0.32"/>',
  cross: '<path d="M-1,-0.3H-0.3V-1H0.3V-0.3H1V0.3H0.3V1H-0.3V0.3H-1Z"/>',
  ring: '<circle r="0.75" fill="none" stroke="currentColor" stroke-width="0.5"/>',
};

/** Drawings of each shape in `train`, and half as many in `val` and `test`; place, size and colour hang on an image's id alone. */
export function shapesDataset(name: string, images: number, size: number): Dataset {
  const classNames = Object.keys(shapes);
  const split = (of: string, count: number): ImageItem[] =>
    classNames.flatMap((shape, label) =>
      Array.from({ length: count }, (_, i): ImageItem => {
        const id = `${of}/${shape}/${i}`;
        return { id, label, load: async () => Buffer.from(draw(shape, id, size)) };
      }),
    );
  return {
    name,
    classNames,
    template: 'a drawing of a {}.',
    imagePolicy: 'custom',
    train: split('train', images),
    val: split('val', Math.ceil(images / 2)),
    test: split('test', Math.ceil(images / 2)),
    digest: createHash('sha256')
      .update(JSON.stringify([shapes, images, size]))
      .digest('hex'),
  };
}

function draw(shape: string, id: string, size: number): string {
  const between = (what: string, low: number, high: number) =>
    low + ((hashSeed(0, `${id} ${what}`) % 1000) / 1000) * (high - low);
  const place = `translate(${between('x', 0.35, 0.65)} ${between('y', 0.35, 0.65)})`;
  const transform = `scale(${size}) ${place} scale(${between('radius', 0.15, 0.3)}) rotate(${between('angle', -20, 20)})`;
  const colour = `hsl(${between('hue', 0, 360)}, 70%, 45%)`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}">
<rect width="100%" height="100%" fill="white"/>
<g transform="${transform}" fill="${colour}" color="${colour}">${shapes[shape]}</g>
</svg>`;
}
