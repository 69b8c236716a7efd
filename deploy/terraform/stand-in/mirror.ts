import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** The providers of terraform/versions.tf, in versions that its constraints take. */
const PROVIDERS = { google: '7.45.0', archive: '2.7.0', random: '3.7.0' }

/**
 * Makes a folder of providers for `terraform init -plugin-dir`, in which each one is a script that starts its stand-in.
 */
export async function makeMirror(folder: string): Promise<void> {
  for (const [name, version] of Object.entries(PROVIDERS)) {
    const platform = `${PLATFORMS[process.platform] ?? process.platform}_${PLATFORMS[process.arch] ?? process.arch}`
    const home = join(folder, 'registry.terraform.io', 'hashicorp', name, version, platform)
    await mkdir(home, { recursive: true })
    const script = join(home, `terraform-provider-${name}_v${version}`)
    const command = [process.execPath, join(import.meta.dirname, 'provider.ts'), name].map((word) => `'${word}'`)
    await writeFile(script, `#!/bin/sh\nexec ${command.join(' ')}\n`)
    await chmod(script, 0o755)
  }
}

/** What Go calls them. */
const PLATFORMS: Readonly<Record<string, string>> = { x64: 'amd64' }
