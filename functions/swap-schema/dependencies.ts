import type pg from 'pg'
import type { Environment } from '../../shared/environment/environment.ts'
import type { TapServer } from '../../shared/environment/tap-server.ts'
import type { Identify } from '../../shared/platform/identity.ts'
import type { Logger } from '../../shared/platform/log/log.ts'
import type { Announce } from '../../shared/releases/deliver.ts'
import type { ReleaseShelf } from '../../shared/releases/publish/list-releases.ts'
import type { ReleaseBucket } from '../../shared/releases/release-bucket.ts'

/** What `swap-schema` works with: put together in index.ts, or by a test. */
export interface SwapDependencies {
  readonly environment: Environment
  poolFor(server: TapServer): Promise<pg.Pool>
  readonly bucket: ReleaseBucket & ReleaseShelf
  readonly announce: Announce
  readonly identify: Identify
  readonly logger: Logger
}
