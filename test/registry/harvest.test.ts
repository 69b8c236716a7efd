import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerOai, type Repository } from '../../shared/registry/oai/answer.ts'
import { type HeldRecord, recordsInMemory } from '../../shared/registry/oai/memory-source.ts'
import { runs } from '../support/effort.ts'
import { parseXml, type Tree } from './examples.ts'

const REPOSITORY: Repository = {
  name: 'R',
  baseUrl: 'https://o.example/oai',
  adminEmail: 'r@o.example',
  ivoid: 'ivo://o.example/0',
  pageSize: 2,
}
const START = Date.parse('2026-01-01T00:00:00Z')

/** A registry whose records change and vanish while it is harvested. */
class ChangingRegistry {
  readonly records = new Map<string, HeldRecord>()
  #seconds = 0

  get now(): Date {
    return new Date(START + this.#seconds * 1000)
  }

  /** `content` null: the record is deleted. */
  change(ivoid: string, content: string | null): void {
    const text = `<x xmlns="urn:x">${content}</x>`
    const formats = content === null ? null : { ivo_vor: text, oai_dc: text }
    this.records.set(ivoid, { ivoid, updated: this.now, formats })
  }

  wait(): void {
    this.#seconds += 1
  }

  async ask(pairs: Readonly<Record<string, string>>): Promise<Tree> {
    const source = recordsInMemory([...this.records.values()])
    return parseXml(await answerOai(Object.entries(pairs), REPOSITORY, source, this.now))
  }
}

const named = (tree: Tree, name: string) => tree.children.find((child) => child.name === name)

/** A harvester as they are: the next harvest begins where the first answer of the last one was made. */
class Harvester {
  readonly copy = new Map<string, string>()
  #from: string | undefined

  async harvest(registry: ChangingRegistry, meanwhile: () => void): Promise<void> {
    const from = this.#from === undefined ? {} : { from: this.#from }
    let page = await registry.ask({ verb: 'ListRecords', metadataPrefix: 'ivo_vor', ...from })
    this.#from = named(page, 'responseDate')?.text
    for (;;) {
      const list = named(page, 'ListRecords')
      for (const record of list?.children ?? []) if (record.name === 'record') this.#take(record)
      const token = list === undefined ? undefined : named(list, 'resumptionToken')?.text
      if (!token) return
      meanwhile()
      page = await registry.ask({ verb: 'ListRecords', resumptionToken: token })
    }
  }

  #take({ children: [header, metadata] }: Tree): void {
    const ivoid = named(header!, 'identifier')!.text
    if (header!.attributes.status === 'deleted') this.copy.delete(ivoid)
    else this.copy.set(ivoid, named(metadata!, 'x')!.text)
  }
}

const step = fc.oneof(
  fc.record({ kind: fc.constant('change' as const), at: fc.nat(7), deleted: fc.boolean() }),
  fc.constant({ kind: 'wait' as const }),
  fc.constant({ kind: 'harvest' as const }),
)

test('after any history of changes, also during a harvest, the copy of a harvester is the state of the registry', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), fc.array(step, { maxLength: 10 }), async (history, during) => {
      const registry = new ChangingRegistry()
      const harvester = new Harvester()
      let count = 0
      const apply = (change: (typeof history)[number]) => {
        count += 1
        if (change.kind === 'wait') registry.wait()
        if (change.kind === 'change')
          registry.change(`ivo://o.example/${change.at}`, change.deleted ? null : `${count}`)
      }
      const left = [...during]
      const meanwhile = () => left.splice(0, 2).forEach(apply)
      for (const item of history) {
        if (item.kind === 'harvest') await harvester.harvest(registry, meanwhile)
        else apply(item)
      }
      await harvester.harvest(registry, () => {})
      const state = [...registry.records.values()].flatMap(({ ivoid, formats }) =>
        formats === null ? [] : [[ivoid, parseXml(formats.ivo_vor).text] as const],
      )
      expect(harvester.copy).toEqual(new Map(state))
    }),
    { numRuns: runs(50) },
  )
})
