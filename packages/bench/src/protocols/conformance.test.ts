import { fewShot } from '@promptweave/core/experiment';
import { describeProtocol } from '@promptweave/core/testing';
import { baseToNovel, crossDataset, domainGeneralisation, efficiency, incremental, zeroShot } from './plugins.js';

for (const plugin of [fewShot, zeroShot, baseToNovel, incremental, efficiency]) describeProtocol(plugin);
describeProtocol(crossDataset, { options: [{ targets: ['pets', 'cars'] }] });
describeProtocol(domainGeneralisation, { options: [{ targets: ['sketches'] }] });
