import type { IncomingMessage } from 'node:http';
import { mlflowErrorCodes, MlflowApiError, type MlflowErrorCode } from '../errors.js';
import type { JsonObject } from './json-object.js';

/** What is known of a request that was refused. */
export interface Refused {
  /** The request in a few words. */
  readonly request: string;
  /** Address of the server. */
  readonly address: string;
  /** Whether user name or token were sent. */
  readonly authorized: boolean;
  /** What to do where nobody is let in. */
  readonly loginAdvice?: string;
}

/** The server's refusal as an error: what it says in a line, and what to do. A web page is named by its title, never printed. */
export function refusal(message: IncomingMessage, body: string, refused: Refused): MlflowApiError {
  const { request } = refused;
  const { statusCode: status = 0, headers } = message;
  const parsed = parseObject(body);
  const told = typeof parsed?.['error_code'] === 'string' ? line(parsed['error_code'], 60) : undefined;
  const known = mlflowErrorCodes.find((code) => code === told);
  const code = known ?? (told === undefined ? codeOfStatus(status) : 'UNKNOWN');
  const reason = typeof parsed?.['message'] === 'string' ? line(parsed['message'], 500) : gist(body);
  const said = `${request}: ${told ?? code} (HTTP ${status})${reason ? `: ${reason}` : ''}`;
  const advice = adviceFor(status, told !== undefined, headers.location, refused);
  const after = Number(headers['retry-after']);
  return new MlflowApiError(advice === undefined ? said : `${said.replace(/[^.!?]$/, '$&.')} ${advice}`, {
    request,
    code,
    status,
    fromMlflow: told !== undefined,
    ...(Number.isFinite(after) && headers['retry-after'] && { retryAfter: after }),
  });
}

/** A body that is an object of JSON. */
export function parseObject(body: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** What a body that is no JSON says, in a line: a web page's title or first heading, or the beginning of a text. */
export function gist(body: string): string {
  if (/[\uFFFD\0-\x08\x0e-\x1f]/.test(body)) return ''; // no text
  const looksLikeText = !/^\s*[<{[]/.test(body) && !/<\/?(html|body|head|!doctype)/i.test(body);
  if (looksLikeText) return line(body, 200);
  const [, title = ''] = /<(?:title|h1)[^>]{0,200}>([^<]{1,500})</i.exec(body.slice(0, 20_000)) ?? [];
  return title.trim() === '' ? '' : `a web page, "${line(title, 100)}"`;
}

/** A text of a server as one line that a terminal can show. */
export function line(text: string, longest: number): string {
  // Control characters and those that turn the direction of writing could change what stands around them.
  const plain = text.replaceAll(/[\s\p{Cc}\p{Cf}\uFFFD]+/gu, ' ').trim();
  const characters = [...plain.slice(0, 2 * longest)];
  return characters.length > longest ? `${characters.slice(0, longest).join('')}…` : characters.join('');
}

function adviceFor(
  status: number,
  fromMlflow: boolean,
  location: string | undefined,
  { address, authorized, loginAdvice }: Refused,
): string | undefined {
  const names = 'MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN';
  if (status >= 300 && status < 400) {
    return `It sends elsewhere${location ? ` (${withoutCredentials(location)})` : ''}, where nothing is sent on its word. Give the address of the MLflow server itself.`;
  }
  if (status === 401 && loginAdvice !== undefined) return loginAdvice;
  if (status === 401) return authorized ? `What ${names} say is not accepted.` : `Set ${names}.`;
  if (status === 403 && !fromMlflow) return `Ask whether this user may do that; the user is that of ${names}.`;
  if (status === 404 && !fromMlflow) return `Is ${address} the address of an MLflow server, with its whole path?`;
  if (status === 413) {
    return 'A server or proxy on the way takes no body of this size. Raise its limit (nginx: client_max_body_size).';
  }
  return undefined;
}

/** Where an answer sends to, without what an address may hold of secrets. */
function withoutCredentials(location: string): string {
  if (!URL.canParse(location, 'http://here.invalid')) return 'an address that cannot be read';
  const { origin, pathname } = new URL(location, 'http://here.invalid');
  return line(origin === 'http://here.invalid' ? pathname : `${origin}${pathname}`, 200);
}

/** The code that stands for an HTTP status, where the body names none: an answer of a proxy, or of authentication. */
function codeOfStatus(status: number): MlflowErrorCode {
  const codes: Readonly<Record<number, MlflowErrorCode>> = {
    400: 'BAD_REQUEST',
    401: 'UNAUTHENTICATED',
    403: 'PERMISSION_DENIED',
    404: 'ENDPOINT_NOT_FOUND',
    409: 'RESOURCE_CONFLICT',
    413: 'REQUEST_TOO_LARGE',
    429: 'REQUEST_LIMIT_EXCEEDED',
    501: 'NOT_IMPLEMENTED',
    503: 'TEMPORARILY_UNAVAILABLE',
    504: 'DEADLINE_EXCEEDED',
  };
  return codes[status] ?? (status >= 500 ? 'INTERNAL_ERROR' : 'UNKNOWN');
}
