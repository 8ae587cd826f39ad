// Writes the pages of the API into pages/api, from the doc comments of the sources: one page for each entry point of a package. What is exported without
// a doc comment is an error, and so is a member of it. Needs a build of the packages, whose types they take from each other.
import { fileURLToPath } from 'node:url';
import { Application, ReflectionKind } from 'typedoc';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Pages by the folder whose `index.ts` is the entry point. */
const entryPages = {
  'apps/cli/src': 'promptweave',
  'packages/core/src': 'core',
  'packages/core/src/testing': 'core-testing',
  'packages/mlflow-js-client/src': 'mlflow-js-client',
};

/** What is imported, where it is called otherwise than its page. */
const imports = {
  core: '@promptweave/core',
  'core-testing': '@promptweave/core/testing',
  'mlflow-js-client': '@promptweave/mlflow-js-client',
};

/** Options of zod schemas: these `describe` them, for messages and the reference of the configuration. */
const describedElsewhere = [
  'core.textBaseOptions.',
  ...['train', 'evaluate', 'runtime', 'seeds', 'search'].map((section) => `promptweave.Configuration.${section}.`),
];

const application = await Application.bootstrapWithPlugins({
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: Object.keys(entryPages).map((folder) => here(`../${folder}/index.ts`)),
  tsconfig: here('tsconfig.json'),
  outputs: [{ name: 'markdown', path: here('pages/api') }],
  name: 'API',
  readme: 'none',
  entryFileName: 'index',
  pageTitleTemplates: { index: 'API', module: ({ name }) => `API of ${imports[name] ?? name}` },
  router: 'module',
  logLevel: 'Warn',
  disableSources: true,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  hideBreadcrumbs: true,
  hidePageHeader: true,
  useHTMLAnchors: true, // those that a site makes of headings may be numbered otherwise
  // Signatures in tables, so that a page stays short.
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
});
const project = await application.convert();
if (!project) throw new Error('The sources do not compile.');
for (const module of project.children) module.name = entryPages[module.name];
// What a class inherits stands with the class that it extends, where that has a place on a page, and so does what marks it.
const isOwn = ({ inheritedFrom, overwrites, flags, signatures = [] }) =>
  !inheritedFrom?.reflection &&
  !(overwrites && flags.isStatic) &&
  !signatures.some((one) => one.inheritedFrom?.reflection);
for (const type of project.getReflectionsByKind(ReflectionKind.ClassOrInterface)) {
  for (const member of (type.children ?? []).filter((one) => !isOwn(one))) project.removeReflection(member);
  for (const group of type.groups ?? []) group.children = group.children.filter(isOwn);
  type.groups = type.groups?.filter(({ children }) => children.length > 0);
}
application.validate(project);
const isDocumented = ({ comment, getSignature, signatures = [] }) =>
  comment || getSignature?.comment || signatures.some((one) => one.comment);
const exported = project.children.flatMap(({ children }) => children.filter((one) => !one.isReference()));
const members = project.getReflectionsByKind(
  ReflectionKind.Property | ReflectionKind.Method | ReflectionKind.Accessor | ReflectionKind.EnumMember,
);
// What a member that tells kinds apart is, its only value says; what a parameter of a type of its own is made of, `@param` says.
const isPlain = ({ type }) => type?.type === 'literal';
const isOfParameter = ({ parent }) =>
  parent !== undefined &&
  (parent.kindOf(ReflectionKind.Parameter | ReflectionKind.TypeParameter) || isOfParameter(parent));
for (const one of [...exported, ...members].filter((each) => !isDocumented(each))) {
  const path = one.getFullName();
  const isElsewhere = describedElsewhere.some((known) => path.startsWith(known));
  if (!isElsewhere && !isPlain(one) && !isOfParameter(one)) application.logger.error(`${path} has no doc comment.`);
}
await application.generateOutputs(project);
if (application.logger.hasErrors() || application.logger.hasWarnings()) process.exitCode = 1;
