import type { MultipartFile } from '@fastify/multipart';
import type { FastifyRequest } from 'fastify';

/** An image of a request. */
export interface SentImage {
  readonly name?: string;
  readonly bytes: Uint8Array;
}

/** What cannot be understood of a request, and the code that says so. */
export class BadRequest extends Error {
  constructor(
    message: string,
    readonly statusCode = 400,
  ) {
    super(message);
  }
}

/** The images of a request's body: JSON with base64, multipart with files, or the bytes of one image. */
export async function readImages(request: FastifyRequest, most: number): Promise<readonly SentImage[]> {
  const images = request.isMultipart() ? await readFiles(request) : readBody(request.body);
  if (images.length === 0) throw new BadRequest('The request has no image.');
  if (images.length > most)
    throw new BadRequest(`The request has ${images.length} images; at most ${most} are taken.`, 413);
  return images;
}

async function readFiles(request: FastifyRequest): Promise<SentImage[]> {
  const images: SentImage[] = [];
  try {
    for await (const part of request.files() as AsyncIterable<MultipartFile>) {
      images.push({ name: part.filename, bytes: await part.toBuffer() });
    }
  } catch (error) {
    if (typeof (error as { statusCode?: unknown }).statusCode === 'number') throw error;
    throw new BadRequest(`The parts of the request cannot be read: ${(error as Error).message}.`);
  }
  return images;
}

function readBody(body: unknown): SentImage[] {
  if (body instanceof Uint8Array) return [{ bytes: body }];
  const { images } = (body ?? {}) as { images?: readonly string[] };
  if (!Array.isArray(images)) throw new BadRequest('Send JSON, multipart/form-data, or the bytes of an image.', 415);
  return images.map((text, i) => {
    const encoded = text.replace(/^data:[^,]{0,200};base64,/, '');
    if (!/^[A-Za-z0-9+/_-]*={0,2}\s*$/.test(encoded)) throw new BadRequest(`Image ${i + 1} is no base64.`);
    return { bytes: Buffer.from(encoded, 'base64') };
  });
}
