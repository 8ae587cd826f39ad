/** JSON Schemas of what is asked and answered; the document of OpenAPI is made of them. */
const scores = {
  top: { type: 'integer', minimum: 1, maximum: 1_000_000, default: 5, description: 'Classes to name for each image.' },
  threshold: { type: 'number', description: 'Below this probability an image shows none of the classes.' },
} as const;

/** Options in the address. */
export const querySchema = { type: 'object', properties: scores, additionalProperties: false } as const;

/** A body of JSON. */
export const jsonBodySchema = {
  type: 'object',
  required: ['images'],
  additionalProperties: false,
  properties: {
    images: {
      type: 'array',
      minItems: 1,
      items: { type: 'string', contentEncoding: 'base64' },
      description:
        'Image files (JPEG, PNG, WebP, HEIC, …), each in base64, with or without the beginning of a data URL.',
    },
    ...scores,
  },
} as const;

const answer = {
  type: 'object',
  required: ['label', 'probability'],
  properties: { label: { type: 'string' }, probability: { type: 'number' } },
} as const;

/** What is answered. */
export const answersSchema = {
  type: 'object',
  description: 'One entry for each image, in their order.',
  required: ['images'],
  properties: {
    images: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string', description: 'Of the file, where it has one.' },
          answers: {
            type: 'array',
            items: answer,
            description: 'The most probable class first; empty below the threshold.',
          },
          error: { type: 'string', description: 'Instead of answers, where the image cannot be read.' },
        },
      },
    },
  },
} as const;

/** What is said where nothing can be answered. */
export const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: { error: { type: 'string' } },
} as const;

/** How the service is. */
export const healthSchema = {
  type: 'object',
  properties: {
    status: { type: 'string', enum: ['ok'] },
    model: { type: 'string' },
    classes: { type: 'array', items: { type: 'string' } },
    waiting: { type: 'integer' },
  },
} as const;

/** Errors by their codes. */
export const failures = {
  400: { ...errorSchema, description: 'The request cannot be understood.' },
  401: { ...errorSchema, description: 'The token is missing or wrong.' },
  413: { ...errorSchema, description: 'Too many bytes or images.' },
  415: { ...errorSchema, description: 'Neither JSON nor multipart nor an image.' },
  422: { ...errorSchema, description: 'None of the images can be read.' },
  429: { ...errorSchema, description: 'Too many requests wait; come again after Retry-After seconds.' },
  503: { ...errorSchema, description: 'It took too long, or the service ends.' },
} as const;
