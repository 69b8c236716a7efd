import { chmod, mkdtemp, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const SHARED_MEMORY = '/dev/shm'
/** Far more than the clusters of a run need; Docker gives 64 MiB unless it is asked for more. */
const ENOUGH_BYTES = 2 * 1024 ** 3

/**
 * A new folder in memory, where there is room, else among the temporary files: for clusters of PostgreSQL, whose files are
 * many and live for moments. Also the unprivileged user of PostgreSQL can enter it.
 */
export async function makeMemoryFolder(prefix: string): Promise<string> {
  const free = await statfs(SHARED_MEMORY).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  )
  const path = await mkdtemp(join(free >= ENOUGH_BYTES ? SHARED_MEMORY : tmpdir(), prefix))
  await chmod(path, 0o755)
  return path
}
