// The process of local-registry.mjs that serves: node local-registry-server.mjs VERDACCIO FOLDER UPSTREAM LOG
import { createRequire } from 'node:module';
import { join } from 'node:path';

const [verdaccio, folder, upstream, log] = process.argv.slice(2);
const { runServer } = createRequire(join(verdaccio, 'package.json'))('verdaccio');
process.on('disconnect', () => process.exit());

const anybody = { access: '$all', publish: '$all', unpublish: '$all' };
const server = await runServer({
  configPath: join(folder, 'config.yaml'), // not read: paths below are relative to its folder
  self_path: folder,
  storage: join(folder, 'packages'),
  auth: {},
  web: { enable: false },
  uplinks: { npm: { url: upstream, maxage: '30m' } },
  packages: {
    // What is named after promptweave is only what was published here.
    '@promptweave/*': anybody,
    '*promptweave*': anybody,
    '**': { ...anybody, proxy: 'npm' },
  },
  publish: { allow_offline: true },
  max_body_size: '200mb',
  log: { type: 'file', path: log, format: 'pretty', level: 'warn' },
});
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
