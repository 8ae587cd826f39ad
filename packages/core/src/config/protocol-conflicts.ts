import type { Registry } from '../plugin/registry.js';
import type { LearningChoice } from './brought-losses.js';
import type { ResolvedPart } from './configuration.js';
import { movesImages, movesTexts, propertiesOf, type ChosenProperties, type PartConflict } from './part-conflicts.js';

/** Parts that a protocol cannot train or test, by what they and the protocol say of themselves. */
export function protocolConflicts(
  choice: LearningChoice & { readonly protocol: ResolvedPart },
  registry: Registry,
): PartConflict[] {
  const properties = propertiesOf(choice, registry);
  const protocol = choice.protocol.use;
  const { testsNovelClasses, thenTrainsOn, trainsNothing } = registry.get('protocol', protocol);
  const conflicts: PartConflict[] = [];
  const report = (rule: string, message: string, remedy: string): void => {
    conflicts.push({ rule, path: ['protocol'], message, remedy });
  };
  const { learner, head } = properties;
  const tied =
    learner.novelClasses === 'trained only' ? 'prompt' : head.novelClasses === 'trained only' ? 'head' : undefined;
  if (testsNovelClasses && tied) {
    report(
      'This protocol tests on other classes than those that were trained, which are all that this part knows.',
      `${protocol} tests on other classes than those that were trained, but ${choice[tied].use} with these options knows the trained classes only.`,
      `Use few-shot, or another ${tied}.`,
    );
  }
  if (thenTrainsOn && head.ofClasses) {
    report(
      'This protocol learns further classes after the first, and this head has values of single classes.',
      `${protocol} learns further classes after the first, but the head ${choice.head.use} has values of single classes.`,
      'Use another head, or base-to-novel.',
    );
  }
  const learning = learningPart(properties);
  if (trainsNothing && learning) {
    report(
      'This protocol trains nothing.',
      `${protocol} trains nothing, but ${choice[learning].use} learns.`,
      'Use few-shot, or parts that learn nothing.',
    );
  }
  return conflicts;
}

/** A part that learns something, be it that a head fits itself to training images; undefined where none does. */
function learningPart(properties: ChosenProperties): keyof LearningChoice | undefined {
  const { learns, prepares } = properties.head;
  return movesTexts(properties) ?? movesImages(properties) ?? (learns === false && !prepares ? undefined : 'head');
}
