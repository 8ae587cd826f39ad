import { createHash, timingSafeEqual } from 'node:crypto';
import multipart from '@fastify/multipart';
import swagger from '@fastify/swagger';
import type { ImageItem } from '@promptweave/core';
import fastify, { type FastifyError, type FastifyInstance, type FastifyRequest } from 'fastify';
import { answersOf } from '../library/answers.js';
import { BATCH, type Examined, type Unread } from '../library/examine.js';
import { imageItem } from '../library/image-input.js';
import type { Model } from '../library/model.js';
import { version } from '../version.js';
import { Line, LineFull } from './line.js';
import { page } from './page.js';
import { BadRequest, readImages } from './read-images.js';
import { answersSchema, failures, healthSchema, jsonBodySchema, querySchema } from './schemas.js';

/** What a service allows. */
export interface ServerOptions {
  /** What the model is called. */
  readonly name: string;
  /** Requests that may wait. */
  readonly queue: number;
  /** Bytes of a request. */
  readonly maxBytes: number;
  /** Images of a request. */
  readonly maxImages: number;
  /** Milliseconds from a request's arrival until its answer. */
  readonly timeout: number;
  /** That whoever asks must know. */
  readonly token?: string;
}

interface Asked {
  readonly top?: number;
  readonly threshold?: number;
}

/** A service for one model, which computes the images of all waiting requests together. It does not listen yet; close it, and then the model. */
export async function createServer(model: Model, options: ServerOptions): Promise<FastifyInstance> {
  const { name, queue, maxBytes, maxImages, timeout, token } = options;
  const line = new Line<ImageItem, Examined | Unread>(queue, BATCH, (items, signal) =>
    model.examine(items, { signal }),
  );
  const app = fastify({
    bodyLimit: maxBytes,
    requestTimeout: timeout,
    connectionTimeout: timeout,
    keepAliveTimeout: 5_000,
    forceCloseConnections: 'idle',
    ajv: { customOptions: { removeAdditional: false, strict: false } },
  });
  await app.register(swagger, { openapi: documentOf(token !== undefined) });
  await app.register(multipart, {
    limits: { files: maxImages, fileSize: maxBytes, parts: maxImages + 8, fields: 8, fieldSize: 1000, headerPairs: 50 },
  });
  app.addContentTypeParser(/^image\/|^application\/octet-stream/, { parseAs: 'buffer' }, (_, body, done) =>
    done(null, body),
  );

  app.setErrorHandler((error: FastifyError, request, reply) => {
    const status = statusOf(error);
    if (status === 429) void reply.header('retry-after', '1');
    if (status >= 500 && status !== 503)
      console.error(`${request.method} ${request.url}: ${error.stack ?? error.message}`);
    void reply
      .code(status)
      .send({ error: status === 500 ? 'The service failed; its log says why.' : messageOf(error) });
  });
  app.setNotFoundHandler((request, reply) => {
    void reply
      .code(404)
      .send({ error: `There is no ${request.method} ${request.url}; /openapi.json says what there is.` });
  });

  const guarded = {
    onRequest: async (request: FastifyRequest) => {
      if (token !== undefined && !sameText(request.headers.authorization ?? '', `Bearer ${token}`)) {
        throw new BadRequest('Send the token: Authorization: Bearer TOKEN.', 401);
      }
    },
  };
  const health = (): object => ({ status: 'ok', model: name, classes: model.classes, waiting: line.length });
  app.get('/healthz', { schema: { summary: 'Whether it answers', response: { 200: healthSchema } } }, health);
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
  app.get('/', { schema: { hide: true } }, (_, reply) => {
    void reply.header('content-security-policy', PAGE_POLICY).type('text/html; charset=utf-8').send(page(name));
  });
  app.post<{ Querystring: Asked; Body: unknown }>(
    '/predict',
    {
      ...guarded,
      schema: {
        summary: 'What images show',
        consumes: ['application/json', 'multipart/form-data', 'image/*'],
        querystring: querySchema,
        body: { content: { 'application/json': { schema: jsonBodySchema } } },
        response: { 200: answersSchema, ...failures },
      },
    },
    async (request, reply) => {
      const abort = new AbortController();
      const gone = (): void => abort.abort(new BadRequest('Whoever asked is gone.', 503));
      reply.raw.once('close', gone);
      const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(timeout)]);
      try {
        const images = await readImages(request, maxImages);
        const body = (request.isMultipart() || request.body instanceof Uint8Array ? {} : request.body) as Asked;
        const items = images.map(({ bytes }, i) => imageItem(bytes, i));
        const outcomes = await line.enter(items, signal);
        const answer = answerer(model.classes, { ...request.query, ...asked(body) });
        const answered = outcomes.map((outcome, i) => ({ name: images[i]!.name, ...answer(outcome) }));
        const isUnread = answered.every(({ error }) => error !== undefined);
        if (isUnread) return await reply.code(422).send({ error: answered.map(({ error }) => error).join(' ') });
        return { images: answered };
      } finally {
        reply.raw.off('close', gone);
      }
    },
  );
  await app.ready();
  return app;
}

/** The page may use its own script and style, show pictures that the user gives, and ask this service. */
const PAGE_POLICY =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src blob: data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

interface Answered {
  readonly name?: string;
  readonly answers?: readonly { readonly label: string; readonly probability: number }[];
  readonly error?: string;
}

function answerer(classes: readonly string[], { top = 5, threshold }: Asked): (outcome: Examined | Unread) => Answered {
  return (outcome) =>
    'error' in outcome
      ? { error: outcome.error.message }
      : { answers: answersOf(classes, outcome, { top, threshold }) };
}

function asked({ top, threshold }: Asked): Asked {
  return { ...(top !== undefined && { top }), ...(threshold !== undefined && { threshold }) };
}

function statusOf(error: FastifyError): number {
  if (error instanceof LineFull) return 429;
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return 503;
  return error.statusCode ?? 500;
}

function messageOf(error: FastifyError): string {
  if (error instanceof LineFull) return 'Too many requests wait; come again later.';
  if (error.name === 'TimeoutError') return 'It took too long.';
  return error.message;
}

/** Compares in the same time whatever differs. */
function sameText(a: string, b: string): boolean {
  const [first, second] = [a, b].map((text) => createHash('sha256').update(text).digest()) as [Buffer, Buffer];
  return timingSafeEqual(first, second);
}

function documentOf(needsToken: boolean) {
  return {
    openapi: '3.1.0',
    info: { title: 'promptweave', description: 'Names what images show.', version },
    ...(needsToken && {
      components: { securitySchemes: { token: { type: 'http' as const, scheme: 'bearer' } } },
      security: [{ token: [] }],
    }),
  };
}
