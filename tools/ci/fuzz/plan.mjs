import { planSweep } from '@promptweave/bench';
import { loadPluginsOf, parseConfiguration, resolveConfiguration, sourceFromValue } from '@promptweave/core/experiment';

const here = new URL('../../../apps/cli/lib/index.js', import.meta.url).href; // where the program finds its plugins
const usual = await loadPluginsOf(sourceFromValue({}), '.', [], here);

/** All that `train` and `sweep` do with a configuration before they read data or weights. */
export async function plan(text, overrides = []) {
  const source = parseConfiguration(text, 'fuzz.yaml');
  const names = source.value.plugins !== undefined || overrides.some((override) => override.startsWith('plugins'));
  const registry = names ? await loadPluginsOf(source, '.', overrides, here) : usual;
  const hasGrid = source.value.grid !== undefined || overrides.some((override) => override.startsWith('grid'));
  if (!hasGrid) return resolveConfiguration(source, { registry, overrides });
  return planSweep({ source, registry: withoutWeights(registry), folder: '.', overrides });
}

/** The plan asks backbones for the digest of their weights, which are not there. */
function withoutWeights(registry) {
  return new Proxy(registry, {
    get(target, key) {
      const value = Reflect.get(target, key, target);
      if (key !== 'get') return typeof value === 'function' ? value.bind(target) : value;
      return (kind, name) => {
        const plugin = target.get(kind, name);
        return kind === 'backbone' ? { ...plugin, digest: () => Promise.resolve('none') } : plugin;
      };
    },
  });
}
