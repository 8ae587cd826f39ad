import { hasCode } from './errors.js';
import type { CallOptions, Connection } from './http/connection.js';
import type { JsonObject } from './http/json-object.js';
import { everyPage } from './paging.js';
import { object, objects, optionalNumber, optionalText, pairs, record, text } from './wire.js';

/** Whether something can be seen, was deleted (and can be restored), or either. */
export type ViewType = 'ACTIVE_ONLY' | 'DELETED_ONLY' | 'ALL';

/** A set of runs. */
export interface Experiment {
  /** Given by the server, unique on it. */
  readonly experimentId: string;
  /** Unique among the experiments of the server, deleted ones included. */
  readonly name: string;
  /** Where its runs keep their artifacts, e.g. "mlflow-artifacts:/1". */
  readonly artifactLocation: string;
  /** A deleted experiment can be restored until the server is cleaned up. */
  readonly lifecycleStage: 'active' | 'deleted';
  /** Milliseconds since 1970. */
  readonly creationTime?: number;
  /** Milliseconds since 1970. */
  readonly lastUpdateTime?: number;
  /** Labels by name. */
  readonly tags: Readonly<Record<string, string>>;
}

/** What to look for. */
export interface ExperimentSearch extends CallOptions {
  /** In MLflow's search language, e.g. "name LIKE 'flowers%'". */
  readonly filter?: string;
  /** E.g. ["last_update_time DESC"]. */
  readonly orderBy?: readonly string[];
  /** Deleted experiments, those that are not, or both. Default of the server: `ACTIVE_ONLY`. */
  readonly view?: ViewType;
  /** Experiments that one request asks for; all are found in any case. Default 1000. */
  readonly pageSize?: number;
}

/** Experiments of a tracking server. */
export class Experiments {
  constructor(private readonly connection: Connection) {}

  /** @returns its id. @throws MlflowApiError RESOURCE_ALREADY_EXISTS, also where it was deleted but not for good */
  async create(
    name: string,
    { artifactLocation, tags, ...options }: CallOptions & Partial<Pick<Experiment, 'artifactLocation' | 'tags'>> = {},
  ): Promise<string> {
    const body = { name, artifact_location: artifactLocation, tags: pairs(tags) };
    const answer = await this.post('create', body, { ...options, repeatable: false });
    return text(answer['experiment_id']);
  }

  /** @throws MlflowApiError RESOURCE_DOES_NOT_EXIST */
  async get(experimentId: string, options?: CallOptions): Promise<Experiment> {
    return await this.read('get', { experiment_id: experimentId }, options);
  }

  /** @throws MlflowApiError RESOURCE_DOES_NOT_EXIST */
  async getByName(name: string, options?: CallOptions): Promise<Experiment> {
    return await this.read('get-by-name', { experiment_name: name }, options);
  }

  /** The experiment of that name, which is created where there is none; also right where others create it just now. */
  async ensure(name: string, options?: CallOptions): Promise<Experiment> {
    try {
      return await this.getByName(name, options);
    } catch (error) {
      if (!hasCode(error, 'RESOURCE_DOES_NOT_EXIST')) throw error;
    }
    try {
      await this.create(name, options);
    } catch (error) {
      if (!hasCode(error, 'RESOURCE_ALREADY_EXISTS')) throw error;
    }
    return await this.getByName(name, options);
  }

  /** All experiments that fit, fetched page by page as they are asked for. */
  search({ filter, orderBy, view, pageSize = 1000, ...options }: ExperimentSearch = {}): AsyncGenerator<Experiment> {
    return everyPage(async (token) => {
      const body = { filter, order_by: orderBy, view_type: view, max_results: pageSize, page_token: token };
      const answer = await this.post('search', body, options);
      return {
        items: objects(answer['experiments']).map(experimentOf),
        next: optionalText(answer['next_page_token']),
      };
    });
  }

  /** Gives an experiment another name. */
  async rename(experimentId: string, name: string, options?: CallOptions): Promise<void> {
    await this.post('update', { experiment_id: experimentId, new_name: name }, options);
  }

  /** Sets a label, in the place of an earlier one. */
  async setTag(experimentId: string, key: string, value: string, options?: CallOptions): Promise<void> {
    await this.post('set-experiment-tag', { experiment_id: experimentId, key, value }, options);
  }

  /** Marks it and its runs as deleted. */
  async delete(experimentId: string, options?: CallOptions): Promise<void> {
    await this.post('delete', { experiment_id: experimentId }, options);
  }

  /** Takes a deletion back, that of its runs included. */
  async restore(experimentId: string, options?: CallOptions): Promise<void> {
    await this.post('restore', { experiment_id: experimentId }, options);
  }

  private async read(what: string, query: Record<string, string>, options?: CallOptions): Promise<Experiment> {
    const answer = await this.connection.call({ ...options, method: 'GET', endpoint: `experiments/${what}`, query });
    return experimentOf(object(answer['experiment']));
  }

  private post(what: string, body: unknown, options?: CallOptions & { readonly repeatable?: boolean }) {
    return this.connection.call({ ...options, method: 'POST', endpoint: `experiments/${what}`, body });
  }
}

function experimentOf(json: JsonObject): Experiment {
  return {
    experimentId: text(json['experiment_id']),
    name: text(json['name']),
    artifactLocation: text(json['artifact_location']),
    lifecycleStage: json['lifecycle_stage'] === 'deleted' ? 'deleted' : 'active',
    creationTime: optionalNumber(json['creation_time']),
    lastUpdateTime: optionalNumber(json['last_update_time']),
    tags: record(json['tags']),
  };
}
