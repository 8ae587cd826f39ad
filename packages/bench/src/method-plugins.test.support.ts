import type { Plugin } from '@promptweave/core';
import { plugins as adapters } from '@promptweave/head-adapters';
import { plugins as probes } from '@promptweave/head-linear-probe';
import { plugins as comma } from '@promptweave/method-comma';
import { plugins as coop } from '@promptweave/method-coop';
import { plugins as dept } from '@promptweave/method-dept';
import { plugins as lamm } from '@promptweave/method-lamm';
import { plugins as lora } from '@promptweave/method-lora';
import { plugins as maple } from '@promptweave/method-maple';
import { plugins as mma } from '@promptweave/method-mma';
import { plugins as mmrl } from '@promptweave/method-mmrl';
import { plugins as prograd } from '@promptweave/method-prograd';
import { plugins as promptsrc } from '@promptweave/method-promptsrc';
import { plugins as tcp } from '@promptweave/method-tcp';

/** The plugins of all our methods. */
export const methodPlugins: readonly Plugin[] = [
  ...adapters,
  ...probes,
  ...comma,
  ...coop,
  ...dept,
  ...lamm,
  ...lora,
  ...maple,
  ...mma,
  ...mmrl,
  ...prograd,
  ...promptsrc,
  ...tcp,
];
