import type { DeliveryState } from '@luma-callback/core'
import { wrongOption } from '@luma-callback/core/internal'
import type { Redis } from 'ioredis'
import { FIELD, keysOf, type Keys, type List } from './beyond-docs.ts'
import type { OpenQueue } from './connection.ts'
import { STATE_OF } from './entries.ts'

/** A job that is listed, and which of BullMQ's lists it is in. */
export interface Found {
  id: string
  list: List
  /** What the list is ordered by, where it is by something. */
  score: number
}

/**
 * Where a page begins: behind this many, or, of what has ended, behind this one, so that a page does not move when what
 * came before it is requeued.
 */
export type Position = { skip: number } | { score: number; id: string }

/** Up to `count` ids: of what waits or runs the soonest due first, of what has ended the latest first, of all the latest received. */
export async function idsOf(
  { queue, redis }: OpenQueue,
  state: DeliveryState | undefined,
  position: Position | undefined,
  count: number,
): Promise<Found[]> {
  const keys = keysOf(queue)
  switch (state) {
    case undefined:
      return latest(redis, keys, skipOf(position), count)
    case 'pending':
      return waiting(redis, keys, skipOf(position), count)
    case 'running':
      return oldest(redis, keys, 'active', skipOf(position), count)
    case 'done':
    case 'dead':
      return ended(redis, keys, state === 'done' ? 'completed' : 'failed', position, count)
    default:
      return state satisfies never
  }
}

/** Where the page after these begins. */
export function nextCursor(
  state: DeliveryState | undefined,
  shown: readonly Found[],
  position: Position | undefined,
): string {
  const last = shown.at(-1)
  const isByTime = state === 'done' || state === 'dead'
  return last && isByTime ? `${last.score}.${last.id}` : String(skipOf(position) + shown.length)
}

/** Throws a TypeError for a cursor that is none of ours. */
export function toPosition(cursor: string): Position {
  const [, number = '', id] = /^(\d{1,16})(?:\.([0-9a-f]{32}))?$/.exec(cursor) ?? []
  if (number === '') throw wrongOption({ caller: 'list', name: 'cursor' }, 'must be one that a page came with')
  return id === undefined ? { skip: Number(number) } : { score: Number(number), id }
}

function skipOf(position: Position | undefined): number {
  return position && 'skip' in position ? position.skip : 0
}

/** Of a list that jobs leave at its end. */
async function oldest(redis: Redis, keys: Keys, list: List, skip: number, count: number): Promise<Found[]> {
  const ids = await redis.lrange(keys.list(list), -(skip + count), -(skip + 1))
  return ids.toReversed().map((id) => ({ id, list, score: 0 }))
}

/** What can run now, then what waits for its time. */
async function waiting(redis: Redis, keys: Keys, skip: number, count: number): Promise<Found[]> {
  const ready = await oldest(redis, keys, 'wait', skip, count)
  if (ready.length === count) return ready
  const skipped = Math.max(0, skip - (await redis.llen(keys.list('wait'))))
  const ids = await redis.zrange(keys.list('delayed'), String(skipped), String(skipped + count - ready.length - 1))
  return [...ready, ...ids.map((id) => ({ id, list: 'delayed' as const, score: 0 }))]
}

async function ended(
  redis: Redis,
  keys: Keys,
  list: List,
  position: Position | undefined,
  count: number,
): Promise<Found[]> {
  const start = position && 'id' in position ? await behind(redis, keys.list(list), position) : skipOf(position)
  const found = await redis.zrevrange(keys.list(list), start, start + count - 1, 'WITHSCORES')
  return pairs(found).map(([id, score]) => ({ id, list, score }))
}

/** The rank behind an entry, or, if it is not there any more, of the first one not later than it. */
async function behind(redis: Redis, key: string, { score, id }: { score: number; id: string }): Promise<number> {
  const rank = await redis.zrevrank(key, id)
  return rank === null ? redis.zcount(key, `(${score}`, '+inf') : rank + 1
}

/**
 * Up to so many ids of a list or set, with the times at which their jobs were received, the latest first. SORT BY would
 * do, but a Redis Cluster denies it. What has to be sorted is bounded but for the dead.
 */
const LATEST = `
local isList = redis.call('TYPE', KEYS[1]).ok == 'list'
local found = {}
for _, id in ipairs(redis.call(isList and 'LRANGE' or 'ZRANGE', KEYS[1], 0, -1)) do
  local received = redis.call('HGET', ARGV[1] .. id, '${FIELD.madeAt}')
  if received then table.insert(found, {id, received}) end
end
table.sort(found, function(a, b)
  if a[2] == b[2] then return a[1] > b[1] end
  return tonumber(a[2]) > tonumber(b[2])
end)
local flat = {}
for i = 1, math.min(#found, tonumber(ARGV[2])) do
  table.insert(flat, found[i][1])
  table.insert(flat, found[i][2])
end
return flat`

async function latest(redis: Redis, keys: Keys, skip: number, count: number): Promise<Found[]> {
  const needed = skip + count
  const sorted = (Object.keys(STATE_OF) as List[]).map(async (list) => {
    const found = await redis.eval(LATEST, 1, keys.list(list), keys.base, needed)
    return pairs(found as string[]).map(([id, score]) => ({ id, list, score }))
  })
  const all = (await Promise.all(sorted)).flat()
  return all.toSorted((a, b) => b.score - a.score || (a.id < b.id ? 1 : -1)).slice(skip, needed)
}

function pairs(flat: readonly string[]): [string, number][] {
  return flat.flatMap((id, index) =>
    index % 2 === 0 ? [[id, Number(flat[index + 1])] satisfies [string, number]] : [],
  )
}
