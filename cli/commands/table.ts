import type { CommandEntry } from './command-entry.ts'

/** The commands, in the order of `almagest --help`. */
export const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'validate',
    summary: 'check Felis files, each by itself and together',
    load: () => import('./validate.ts'),
  },
  {
    name: 'dump',
    summary: 'write a Felis file as it was understood: YAML or JSON',
    load: () => import('./dump.ts'),
  },
  {
    name: 'diff-schemas',
    summary: 'compare Felis files, folders or archives: what a release would change',
    load: () => import('./diff-schemas.ts'),
  },
  {
    name: 'json-schema',
    summary: 'write the JSON Schema of Felis, for editors',
    load: () => import('./json-schema.ts'),
  },
  {
    name: 'rows',
    summary: 'show the TAP_SCHEMA rows of Felis files, without a database',
    load: () => import('./rows.ts'),
  },
  {
    name: 'browse',
    summary: 'make pages of a release to read and search: schemas, tables, columns, changes',
    load: () => import('./browse.ts'),
  },
  {
    name: 'adql',
    summary: 'check ADQL queries: syntax, and names and types against a release or a TAP service',
    load: () => import('./adql.ts'),
  },
  {
    name: 'query',
    summary: 'ask a TAP service: a table to read, or CSV, VOTable, Parquet',
    load: () => import('./query.ts'),
  },
  {
    name: 'jobs',
    summary: 'list, show, end, delete and share asynchronous queries',
    load: () => import('./jobs.ts'),
  },
  {
    name: 'tables',
    summary: 'list, create, save, load, index, describe, share and drop tables that you keep at a TAP service',
    load: () => import('./tables.ts'),
  },
  {
    name: 'groups',
    summary: 'make groups of users, to share tables and jobs with',
    load: () => import('./groups.ts'),
  },
  {
    name: 'create-tables',
    summary: 'make the tables of Felis schemas in PostgreSQL, or write the SQL for it',
    load: () => import('./create-tables.ts'),
  },
  {
    name: 'check-tables',
    summary: 'compare what TAP_SCHEMA says with the tables that are there',
    load: () => import('./check-tables.ts'),
  },
  {
    name: 'check-environment',
    summary: 'check an environment file, and what it names: buckets, databases, roles, topics',
    load: () => import('./check-environment.ts'),
  },
  {
    name: 'init',
    summary: "prepare a TAP server's database: roles, history, grants",
    load: () => import('./init.ts'),
  },
  {
    name: 'stage',
    summary: 'load a release into the staging slot and verify it',
    load: () => import('./stage.ts'),
  },
  {
    name: 'status',
    summary: 'show what the three slots hold, and their history',
    load: () => import('./status.ts'),
  },
  {
    name: 'diff',
    summary: 'compare two slots: what a swap would change',
    load: () => import('./diff.ts'),
  },
  {
    name: 'swap',
    summary: 'make the staged release live',
    load: () => import('./swap.ts'),
  },
  {
    name: 'rollback',
    summary: 'exchange the live and the previous release',
    load: () => import('./rollback.ts'),
  },
  {
    name: 'obscore',
    summary: 'keep the ObsCore table in step with the metadata of files',
    load: () => import('./obscore.ts'),
  },
  {
    name: 'dead-letters',
    summary: 'list, retry or discard uploads that could not be loaded for hours',
    load: () => import('./dead-letters.ts'),
  },
  {
    name: 'registry',
    environmentAt: 2,
    summary: 'show and check the records of the publishing registry of an environment',
    load: () => import('./registry.ts'),
  },
  {
    name: 'discovery',
    environmentAt: 1,
    summary: 'write the discovery document of an environment file',
    load: () => import('./discovery.ts'),
  },
  {
    name: 'publish',
    summary: 'check, pack and upload a release',
    load: () => import('./publish.ts'),
  },
  {
    name: 'releases',
    summary: 'list what is published, and which TAP servers have it',
    load: () => import('./releases.ts'),
  },
  {
    name: 'tutorials',
    summary: 'make the menu of a tutorials repository for discovery',
    load: () => import('./tutorials.ts'),
  },
  {
    name: 'sweep',
    summary: 'collect query results whose time is over',
    load: () => import('./sweep.ts'),
  },
  {
    name: 'notifications',
    summary: 'show the users of the TAP services messages: maintenance and the like',
    load: () => import('./notifications.ts'),
  },
  {
    name: 'start',
    summary: 'run everything on this machine: PostgreSQL, an object store, the functions',
    load: () => import('./start.ts'),
  },
  {
    name: 'completion',
    summary: 'write the completion of commands and options for bash, zsh or fish',
    load: () => import('./completion.ts'),
  },
]
