// Reads the docstrings by TypeDoc, which needs a TypeScript older than the workspace's.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Application, type ProjectReflection, ReflectionKind, type TypeDocOptions } from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { REFERENCE } from './pages.ts'

const ROOT: string = join(import.meta.dirname, '../..')
const CORE = join(ROOT, 'packages/core')

const COMPILER_OPTIONS = {
  composite: false,
  noEmit: true,
  allowImportingTsExtensions: true,
  rewriteRelativeImportExtensions: false,
  typeRoots: [join(CORE, 'node_modules/@types')],
  // The sources, so that types of core are known by their place in the reference, and no build is needed.
  paths: {
    '@luma-callback/core': [join(CORE, 'src/index.ts')],
    '@luma-callback/core/*': [join(CORE, 'src/entry/*.ts')],
  },
}

const FORMAT = {
  plugin: ['typedoc-plugin-markdown'],
  router: 'module',
  name: 'Reference',
  readme: 'none',
  // A line that moves would change the pages.
  disableSources: true,
  // What Node's own types document is not repeated.
  excludeExternals: true,
  // `check` has judged the types, by the TypeScript of the workspace.
  skipErrorChecking: true,
  logLevel: 'Warn',
  sort: ['source-order'],
  groupOrder: ['Functions', 'Variables', 'Classes', 'Interfaces', 'Type Aliases'],
  hidePageHeader: true,
  hideBreadcrumbs: true,
  hideGroupHeadings: true,
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeAliasPropertiesFormat: 'table',
  propertyMembersFormat: 'table',
  typeDeclarationFormat: 'table',
  parametersFormat: 'table',
  tableColumnSettings: { hideInherited: true, hideOverrides: true, hideSources: true, hideModifiers: true },
} satisfies Partial<TypeDocOptions> & Partial<PluginOptions>

export interface Reference {
  project: ProjectReflection
  /** The Markdown of each page, in the order of the pages, with links as TypeDoc writes them. */
  render(folder: string): Promise<void>
}

/** The name of a page's module, which becomes its file in what TypeDoc writes. */
export function moduleOf({ package: folder, file }: { package: string; file: string }): string {
  return `${folder}/${file.replace(/^docs\/(?:api\/)?/, '').replace(/\.md$/, '')}`
}

/** Reads every docstring of every entry. Each page is a module, which exists for TypeDoc only. */
export async function convert(): Promise<Reference> {
  const folder = mkdtempSync(join(tmpdir(), 'luma-reference-'))
  try {
    const entryPoints = REFERENCE.map((page) => {
      const module = join(folder, `${moduleOf(page)}.ts`)
      mkdirSync(dirname(module), { recursive: true })
      writeFileSync(module, page.exports)
      return module
    })
    const tsconfig = join(folder, 'tsconfig.json')
    const config = { extends: join(ROOT, 'tsconfig.base.json'), compilerOptions: COMPILER_OPTIONS, files: entryPoints }
    writeFileSync(tsconfig, JSON.stringify(config))
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    const app = await Application.bootstrapWithPlugins({ ...FORMAT, basePath: folder, entryPoints, tsconfig })
    const project = await app.convert()
    if (!project) throw new Error('TypeDoc could not read the sources')
    withoutInherited(project)
    return {
      project,
      async render(out) {
        app.options.setValue('outputs', [{ name: 'markdown', path: out }])
        await app.generateOutputs(project)
      },
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A type names what it extends, so its page need not repeat what it inherits. Options are read in one table, so theirs does. */
function withoutInherited(project: ProjectReflection): void {
  for (const reflection of Object.values(project.reflections)) {
    if (!reflection.isDeclaration() || !reflection.kindOf([ReflectionKind.Class, ReflectionKind.Interface])) continue
    if (reflection.name.endsWith('Options')) continue
    const inherited = reflection.children?.filter(({ inheritedFrom }) => inheritedFrom)
    for (const child of inherited ?? []) project.removeReflection(child)
    for (const child of reflection.children ?? []) {
      for (const each of [child, ...(child.signatures ?? [])]) delete each.overwrites
    }
    for (const group of reflection.groups ?? [])
      group.children = group.children.filter((child) => reflection.children?.some(({ id }) => id === child.id))
    if (reflection.groups) reflection.groups = reflection.groups.filter(({ children }) => children.length > 0)
  }
}
