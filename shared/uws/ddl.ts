import { EVENT_DDL } from './event-table.ts'
import { GROUP_DDL } from './group-table.ts'
import { JOB_DDL } from './job-table.ts'
import { NOTIFICATION_DDL } from './notification-table.ts'
import { QUOTA_DDL } from './quota-functions.ts'
import { REMOTE_DDL } from './remote-table.ts'
import { SHARE_DDL } from './share-table.ts'

/** All of schema `uws`, new or upgraded; it can be run again. */
export const UWS_DDL = [JOB_DDL, REMOTE_DDL, QUOTA_DDL, EVENT_DDL, SHARE_DDL, GROUP_DDL, NOTIFICATION_DDL].join('')
