import { describe, expect, it } from 'vitest'
import { EnvironmentError } from '../../shared/environment/environment-error.ts'
import { requireEnvironment, requireReleases, requireServer } from '../../shared/environment/require.ts'

const YAML = 'tap: {servers: {livetap: {schemas: [a], databaseUrl: "postgresql://h/d"}}}'

describe('what a function needs of its environment', () => {
  it('is there, or the error says every problem with its place', () => {
    expect(requireEnvironment('env.yaml', YAML).servers.size).toBe(1)
    const failing = () => requireEnvironment('env.yaml', 'topik: x\nswap: 3\n')
    expect(failing).toThrow(EnvironmentError)
    expect(failing).toThrow(
      /env\.yaml:1:1: topik: .*did you mean topic\?\)\n {2}env\.yaml:2:7: swap: must be a mapping/,
    )
  })

  it('releases: the error says which keys give them', () => {
    const environment = requireEnvironment('env.yaml', YAML)
    expect(() => requireReleases(environment)).toThrow(
      /env\.yaml does not say where releases lie: give releases\.bucket/,
    )
    const complete = requireEnvironment('env.yaml', `${YAML}\nreleases: {bucket: b-1}`)
    expect(requireReleases(complete).bucket).toBe('b-1')
  })

  it('a TAP server: the error names the ones that are there', () => {
    const environment = requireEnvironment('env.yaml', YAML)
    expect(requireServer(environment, 'livetap').schemas).toEqual(['a'])
    expect(() => requireServer(environment, 'livetab')).toThrow(/did you mean livetap\?/)
    expect(() => requireServer(environment, 'x')).toThrow(/it has livetap/)
    expect(() => requireServer(requireEnvironment('e', '{}'), 'x')).toThrow(/it has none/)
  })

  it('is wrong for good when it is wrong', () => {
    try {
      requireEnvironment('env.yaml', '')
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({ code: 'invalid_environment', permanent: true, problems: [{ code: 'yaml_syntax' }] })
    }
  })
})
