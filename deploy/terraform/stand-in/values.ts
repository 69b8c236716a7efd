import { decode } from '@msgpack/msgpack'

/** What the google provider itself asks of values while it validates a resource; the rest only Google's servers know. */
const RULES: readonly { readonly type: RegExp; readonly argument: string; readonly form: RegExp }[] = [
  { type: /_iam_member$/, argument: 'member', form: /^(?!deleted).+:.+|^(allUsers|allAuthenticatedUsers)$/ },
  {
    type: /^google_service_account_iam_/,
    argument: 'service_account_id',
    form: /^projects\/[^/]+\/serviceAccounts\/[^/@]+@[^/@]+\.gserviceaccount\.com$/,
  },
  { type: /^google_service_account$/, argument: 'account_id', form: /^[a-z][-a-z0-9]{4,28}[a-z0-9]$/ },
  { type: /^google_project_iam_custom_role$/, argument: 'role_id', form: /^[a-zA-Z0-9_.]{3,64}$/ },
]

/**
 * @param config a resource as Terraform sends it, MessagePack; what is not known yet is of a type of its own there
 * @returns a sentence for each value that the provider would refuse
 */
export function complaintsAboutValues(type: string, config: Uint8Array): readonly string[] {
  const values = decode(config) as Readonly<Record<string, unknown>>
  return RULES.flatMap((rule) => {
    const value = rule.type.test(type) ? values[rule.argument] : undefined
    if (typeof value !== 'string' || rule.form.test(value)) return []
    return [`${type}: ${rule.argument} "${value}" does not match ${rule.form.source}`]
  })
}
