import { type Operation, parameter, requireBucket } from './context.ts'
import { json, parseJsonObject } from './exchange.ts'
import { checkPreconditions, requireObject } from './preconditions.ts'
import { type ObjectResource, readFields, type WritableFields } from './resource.ts'
import { putObject } from './upload.ts'

/** "Objects: rewrite", always done in one call. */
export const rewriteObject: Operation = async (context, request, parameters) => {
  const bucket = parameter(parameters, 'bucket')
  const name = parameter(parameters, 'object')
  requireBucket(context.store, bucket)
  const found = context.store.find(bucket, name)
  checkPreconditions(found, sourceConditions(request.query))
  const source = requireObject(found, bucket, name, request.query, 'sourceGeneration')
  const given = parseJsonObject(request.body)
  const fields = Object.keys(given).length === 0 ? keptFields(source) : readFields(given)
  const content = await context.store.content(source)
  const target = { bucket: parameter(parameters, 'toBucket'), name: parameter(parameters, 'toObject') }
  const resource = await putObject(context, target, content, fields, request.query)
  const { size } = source
  return json({ kind: 'storage#rewriteResponse', done: true, totalBytesRewritten: size, objectSize: size, resource })
}

/** `ifSourceGenerationMatch` → `ifGenerationMatch`, of the source. */
function sourceConditions(query: URLSearchParams): URLSearchParams {
  const conditions = new URLSearchParams()
  for (const [key, value] of query) if (key.startsWith('ifSource')) conditions.set(key.replace('ifSource', 'if'), value)
  return conditions
}

function keptFields(source: ObjectResource): WritableFields {
  return readFields({ ...source })
}
