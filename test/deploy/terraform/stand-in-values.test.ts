import { encode } from '@msgpack/msgpack'
import { expect, test } from 'vitest'
import { complaintsAboutValues } from '../../../deploy/terraform/stand-in/values.ts'

test.each([
  ['google_project_iam_member', { member: 'serviceAccount:a@p.iam.gserviceaccount.com' }],
  ['google_storage_bucket_iam_member', { member: 'allUsers' }],
  [
    'google_service_account_iam_member',
    { service_account_id: 'projects/p/serviceAccounts/a@p.iam.gserviceaccount.com' },
  ],
  ['google_service_account', { account_id: 'almagest-push' }],
  ['google_storage_bucket', { member: 'anything', name: null }],
])('of %s the values %j are taken', (type, values) => {
  expect(complaintsAboutValues(type, encode(values))).toEqual([])
})

test.each([
  ['google_project_iam_member', { member: 'k7x2' }, 'member "k7x2"'],
  ['google_pubsub_topic_iam_member', { member: 'deleted:user:a@b' }, 'member "deleted:user:a@b"'],
  ['google_service_account_iam_member', { service_account_id: 'k7x2' }, 'service_account_id "k7x2"'],
  ['google_service_account', { account_id: 'push' }, 'account_id "push"'],
  ['google_project_iam_custom_role', { role_id: 'a-b' }, 'role_id "a-b"'],
])('of %s the values %j are refused', (type, values, complaint) => {
  expect(complaintsAboutValues(type, encode(values))).toEqual([expect.stringContaining(complaint)])
})
