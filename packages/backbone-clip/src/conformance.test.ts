import { describeBackbone } from '@promptweave/core/testing';
import { clip } from './plugin.js';

describeBackbone(clip, { options: [{}, { recompute: true }, { classChunk: 2 }] });
