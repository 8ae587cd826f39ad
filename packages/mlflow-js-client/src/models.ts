import type { CallOptions, Connection } from './http/connection.js';
import type { JsonObject } from './http/json-object.js';
import { everyPage } from './paging.js';
import { number, object, objects, optionalText, pairs, record, text } from './wire.js';

/** A name under which versions are registered. Times are in milliseconds since 1970. */
export interface RegisteredModel {
  /** Unique in the registry; its versions are found by it. */
  readonly name: string;
  /** Empty where there is none. */
  readonly description: string;
  /** When the name was registered. */
  readonly creationTime: number;
  /** When the model, or a version of it, was last changed. */
  readonly lastUpdateTime: number;
  /** Labels of the model, by name. */
  readonly tags: Readonly<Record<string, string>>;
  /** Version by alias. */
  readonly aliases: Readonly<Record<string, string>>;
}

/** A version of a registered model, as the server has it. */
export interface ModelVersion {
  /** The registered model that it is a version of. */
  readonly name: string;
  /** A whole number as text, as the server gives it. */
  readonly version: string;
  /** Empty where there is none. */
  readonly description: string;
  /** Where its files were when it was registered. */
  readonly source: string;
  /** The run that made it, where that was told. */
  readonly runId?: string;
  /** Whether the registration is done. */
  readonly status: 'PENDING_REGISTRATION' | 'FAILED_REGISTRATION' | 'READY';
  /** Milliseconds since 1970. */
  readonly creationTime: number;
  /** Labels of the version, by name. */
  readonly tags: Readonly<Record<string, string>>;
  /** Names that point to this version. */
  readonly aliases: readonly string[];
}

/** What a new version is made with. */
export interface NewModelVersion extends CallOptions {
  /** A registered model, which exists. */
  readonly name: string;
  /** URI of the folder with the model's files. */
  readonly source: string;
  /** The run that made it. */
  readonly runId?: string;
  /** For people. Default: none. */
  readonly description?: string;
  /** Labels of the version, by name. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** What to look for among models or versions. */
export interface ModelSearch extends CallOptions {
  /** In MLflow's search language, e.g. "name = 'flowers'". */
  readonly filter?: string;
  /** E.g. ["name DESC"]. */
  readonly orderBy?: readonly string[];
  /** What one request asks for; all are found in any case. Default: 100 models, or 200 versions. */
  readonly pageSize?: number;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** The model registry. */
export class Models {
  constructor(private readonly connection: Connection) {}

  /** @throws MlflowApiError RESOURCE_ALREADY_EXISTS */
  async create(
    name: string,
    { description, tags, ...options }: CallOptions & Partial<Pick<RegisteredModel, 'description' | 'tags'>> = {},
  ): Promise<RegisteredModel> {
    const body = { name, description, tags: pairs(tags) };
    const answer = await this.send('POST', 'registered-models/create', body, { ...options, repeatable: false });
    return modelOf(object(answer['registered_model']));
  }

  /** @throws MlflowApiError RESOURCE_DOES_NOT_EXIST */
  async get(name: string, options?: CallOptions): Promise<RegisteredModel> {
    return modelOf(object((await this.read('registered-models/get', { name }, options))['registered_model']));
  }

  /** Changes the description of a model. */
  async update(name: string, description: string, options?: CallOptions): Promise<void> {
    await this.send('PATCH', 'registered-models/update', { name, description }, options);
  }

  /** Gives a model and its versions another name. @throws MlflowApiError RESOURCE_ALREADY_EXISTS */
  async rename(name: string, newName: string, options?: CallOptions): Promise<void> {
    await this.send('POST', 'registered-models/rename', { name, new_name: newName }, options);
  }

  /** Deletes a model with all of its versions. */
  async delete(name: string, options?: CallOptions): Promise<void> {
    await this.send('DELETE', 'registered-models/delete', { name }, options);
  }

  /** All models that fit, fetched page by page as they are asked for. */
  search({ filter, orderBy, pageSize = 100, ...options }: ModelSearch = {}): AsyncGenerator<RegisteredModel> {
    return everyPage(async (token) => {
      const query = { filter, order_by: orderBy?.join(','), max_results: String(pageSize), page_token: token };
      const answer = await this.read('registered-models/search', query, options);
      return {
        items: objects(answer['registered_models']).map(modelOf),
        next: optionalText(answer['next_page_token']),
      };
    });
  }

  /** Sets a label of a model, in the place of an earlier one. */
  async setTag(name: string, key: string, value: string, options?: CallOptions): Promise<void> {
    await this.send('POST', 'registered-models/set-tag', { name, key, value }, options);
  }

  /** Points an alias to a version, away from any other. */
  async setAlias(name: string, alias: string, version: string, options?: CallOptions): Promise<void> {
    await this.send('POST', 'registered-models/alias', { name, alias, version }, options);
  }

  /** Takes an alias away from whatever version it points to. */
  async deleteAlias(name: string, alias: string, options?: CallOptions): Promise<void> {
    await this.send('DELETE', 'registered-models/alias', { name, alias }, options);
  }

  /** @throws MlflowApiError RESOURCE_DOES_NOT_EXIST or INVALID_PARAMETER_VALUE, by the server's version */
  async getByAlias(name: string, alias: string, options?: CallOptions): Promise<ModelVersion> {
    const answer = await this.read('registered-models/alias', { name, alias }, options);
    return versionOf(object(answer['model_version']));
  }

  /** @throws MlflowApiError RESOURCE_DOES_NOT_EXIST where there is no such model */
  async createVersion({ name, source, runId, description, tags, ...options }: NewModelVersion): Promise<ModelVersion> {
    const body = { name, source, run_id: runId, description, tags: pairs(tags) };
    const answer = await this.send('POST', 'model-versions/create', body, { ...options, repeatable: false });
    return versionOf(object(answer['model_version']));
  }

  /** @throws MlflowApiError RESOURCE_DOES_NOT_EXIST */
  async getVersion(name: string, version: string, options?: CallOptions): Promise<ModelVersion> {
    const answer = await this.read('model-versions/get', { name, version }, options);
    return versionOf(object(answer['model_version']));
  }

  /** Changes the description of a version. */
  async updateVersion(name: string, version: string, description: string, options?: CallOptions): Promise<void> {
    await this.send('PATCH', 'model-versions/update', { name, version, description }, options);
  }

  /** Deletes a version; the files that it was made from stay. */
  async deleteVersion(name: string, version: string, options?: CallOptions): Promise<void> {
    await this.send('DELETE', 'model-versions/delete', { name, version }, options);
  }

  /** Sets a label of a version, in the place of an earlier one. */
  async setVersionTag(name: string, version: string, key: string, value: string, options?: CallOptions): Promise<void> {
    await this.send('POST', 'model-versions/set-tag', { name, version, key, value }, options);
  }

  /** All versions that fit, of any model, fetched page by page as they are asked for. */
  searchVersions({ filter, orderBy, pageSize = 200, ...options }: ModelSearch = {}): AsyncGenerator<ModelVersion> {
    return everyPage(async (token) => {
      const query = { filter, order_by: orderBy?.join(','), max_results: String(pageSize), page_token: token };
      const answer = await this.read('model-versions/search', query, options);
      return { items: objects(answer['model_versions']).map(versionOf), next: optionalText(answer['next_page_token']) };
    });
  }

  /** Artifact URI from which a version's files can be downloaded. */
  async downloadUri(name: string, version: string, options?: CallOptions): Promise<string> {
    return text((await this.read('model-versions/get-download-uri', { name, version }, options))['artifact_uri']);
  }

  private read(endpoint: string, query: Record<string, string | undefined>, options?: CallOptions) {
    return this.connection.call({ ...options, method: 'GET', endpoint, query });
  }

  private send(
    method: Method,
    endpoint: string,
    body: unknown,
    options?: CallOptions & { readonly repeatable?: boolean },
  ) {
    return this.connection.call({ ...options, method, endpoint, body });
  }
}

function modelOf(json: JsonObject): RegisteredModel {
  const aliases = objects(json['aliases']).map((entry) => [text(entry['alias']), text(entry['version'])]);
  return {
    name: text(json['name']),
    description: text(json['description']),
    creationTime: number(json['creation_timestamp']),
    lastUpdateTime: number(json['last_updated_timestamp']),
    tags: record(json['tags']),
    aliases: Object.fromEntries(aliases),
  };
}

function versionOf(json: JsonObject): ModelVersion {
  return {
    name: text(json['name']),
    version: text(json['version']),
    description: text(json['description']),
    source: text(json['source']),
    runId: optionalText(json['run_id']),
    status: text(json['status']) as ModelVersion['status'],
    creationTime: number(json['creation_timestamp']),
    tags: record(json['tags']),
    aliases: Array.isArray(json['aliases']) ? json['aliases'].map(text) : [],
  };
}
