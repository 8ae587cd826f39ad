import { errorMark, PromptweaveError } from '../errors.js';
import { kindNames, type Plugin } from './define-plugin.js';

/** A plugin and the module that it comes from. */
export interface PluginOwner {
  readonly plugin: Pick<Plugin, 'kind' | 'name'>;
  readonly module: string;
}

/** A plugin threw what it does not say that it throws, or gave what it must not give. Its author can mend it, not its user. */
export class PluginFault extends PromptweaveError {
  static override readonly mark: symbol = errorMark('PluginFault');
  override readonly exitCode = 70;

  constructor(
    readonly owner: PluginOwner,
    what: string,
    cause?: unknown,
  ) {
    const { plugin, module } = owner;
    super(`The ${kindNames[plugin.kind]} "${plugin.name}" ${what}`, {
      where: `plugin module ${module}`,
      remedy: `Report it to the authors of ${module}, with the lines above and the command that you ran.`,
      cause,
    });
  }
}
