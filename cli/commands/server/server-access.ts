import type { SchemaDiff } from '../../../shared/tap-schema/diff.ts'
import type { SlotName } from '../../../shared/tap-schema/slots.ts'
import type { ServerStatus } from '../../../shared/tap-schema/status.ts'
import type { SwapOutcome } from '../../../shared/tap-schema/swap.ts'

export interface ExchangeRequest {
  /** The version that is expected in the slot that goes live. */
  readonly version: string
  /** With it, also the very upload. */
  readonly generation: string | undefined
  /** With it, also the very stage. */
  readonly id: number | undefined
  readonly leaveReadersOut: boolean
  readonly actor: string | undefined
  readonly deadlineSeconds: number | undefined
}

/** A TAP server as the commands see it, however it is reached. Everything throws failures that are meant to be shown. */
export interface ServerAccess {
  readStatus(historyLimit: number): Promise<ServerStatus>
  diff(from: SlotName, to: SlotName): Promise<SchemaDiff>
  swap(request: ExchangeRequest): Promise<SwapOutcome>
  rollback(request: ExchangeRequest): Promise<SwapOutcome>
  close(): Promise<void>
}
