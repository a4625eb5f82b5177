import { taskIdProblem } from './task-id.ts'

/**
 * An API whose callbacks are not Luma modify's: the account's other APIs send to the same address and sign with the same
 * key, and the official Luma API has other bodies.
 */
export interface OtherFamily {
  /** Stable, for code: `market`, `veo`, `suno-wav`. */
  readonly name: string
  /** For people. */
  readonly title: string
}

type Check = (value: unknown) => boolean

/** Fields that stand together in the bodies of one API, by their path. One odd field alone tells nothing. */
type Mark = Readonly<Record<string, Check>>

const isText: Check = (value) => typeof value === 'string'
const isNull: Check = (value) => value === null
const isFlag: Check = (value) => typeof value === 'boolean'
const isList: Check = (value) => Array.isArray(value)
const isEmptyList: Check = (value) => Array.isArray(value) && value.length === 0
const isFilledList: Check = (value) => Array.isArray(value) && value.length > 0
const isObject: Check = (value) => isRecord(value)
const isGiven: Check = (value) => value != null
const isMissing: Check = (value) => value == null
const isSuccessCode: Check = (value) => value === 200
const isOtherCode: Check = (value) => value !== 200
const oneOf =
  (...texts: readonly string[]): Check =>
  (value) =>
    typeof value === 'string' && texts.includes(value)
const either =
  (...checks: readonly Check[]): Check =>
  (value) =>
    checks.some((look) => look(value))

const isTextOrNull = either(isText, isNull)
const isListOrNull = either(isList, isNull)
/** Lists of URLs have come as JSON text too. */
const isTextOrList = either(isText, isList)
const isMarketState = oneOf('waiting', 'queuing', 'queueing', 'generating', 'success', 'fail')
const isSunoStage = oneOf('text', 'first', 'complete', 'error')
const isOfficial: Mark = {
  code: isMissing,
  id: isText,
  state: oneOf('queued', 'dreaming', 'completed', 'failed'),
}
/** Only Luma modify, and at times Veo, sends the prompt back in this field. */
const noPrompt: Mark = { 'data.promptJson': isMissing }

/**
 * What each API documents of its callbacks, successes and failures: https://docs.kie.ai, and for the last
 * https://docs.lumalabs.ai. The first that fits counts, so an API stands before those whose bodies are like parts of its own.
 */
const FAMILIES: readonly (OtherFamily & { readonly marks: readonly Mark[] })[] = [
  {
    name: 'market',
    title: 'the Market API',
    marks: [
      { 'data.state': isMarketState, 'data.param': isText },
      { 'data.state': isMarketState, 'data.resultJson': isText },
      { 'data.state': isMarketState, 'data.failCode': isText },
      { 'data.state': isMarketState, 'data.failMsg': isText },
      { 'data.state': isMarketState, 'data.model': isText, ...noPrompt },
    ],
  },
  {
    name: 'suno',
    title: 'the Suno API',
    marks: [
      { 'data.callbackType': isSunoStage, 'data.data': isListOrNull },
      { 'data.callbackType': isSunoStage, 'data.task_id': isText },
    ],
  },
  {
    name: 'veo-4k',
    title: 'the Veo 4K API',
    marks: [{ 'data.info.resultUrls': isTextOrList, 'data.info.imageUrls': isTextOrList }],
  },
  {
    name: 'veo',
    title: 'the Veo API',
    marks: [{ 'data.info.resultUrls': isTextOrList }, { 'data.fallbackFlag': isFlag, ...noPrompt }],
  },
  {
    name: 'gpt4o-image',
    title: 'the 4o Image API',
    marks: [{ 'data.info.result_urls': isTextOrList }, { 'data.info': isNull, code: isOtherCode }],
  },
  {
    name: 'flux-kontext',
    title: 'the Flux Kontext API',
    marks: [{ 'data.info.resultImageUrl': isTextOrNull }],
  },
  {
    name: 'aleph',
    title: 'the Runway Aleph API',
    marks: [
      { code: isGiven, taskId: isText, data: isMissing },
      { taskId: isText, 'data.result_video_url': isTextOrNull },
      { taskId: isText, 'data.video_url': isTextOrNull, ...noPrompt },
      { 'data.task_id': isText, 'data.result_video_url': isTextOrNull },
    ],
  },
  {
    name: 'runway',
    title: 'the Runway API',
    marks: [{ 'data.video_id': isTextOrNull, 'data.video_url': isTextOrNull }],
  },
  {
    name: 'suno-mp4',
    title: 'the Suno music video API',
    marks: [{ 'data.task_id': isText, 'data.video_url': isTextOrNull, ...noPrompt }],
  },
  {
    name: 'suno-wav',
    title: 'the Suno WAV API',
    marks: [
      { 'data.task_id': isText, 'data.audioWavUrl': isTextOrNull },
      { 'data.taskId': isText, 'data.audioWavUrl': isTextOrNull, ...noPrompt },
    ],
  },
  {
    name: 'suno-vocals',
    title: 'the Suno vocal removal API',
    marks: [
      { 'data.vocal_separation_info': isObject },
      { 'data.vocal_removal_info': isObject },
      { 'data.vocal_separation_info': isNull, ...noPrompt },
      { 'data.vocal_removal_info': isNull, ...noPrompt },
    ],
  },
  {
    name: 'suno-midi',
    title: 'the Suno MIDI API',
    marks: [
      { 'data.instruments': isListOrNull, 'data.state': isText },
      { 'data.instruments': isFilledList, ...noPrompt },
    ],
  },
  {
    name: 'suno-cover',
    title: 'the Suno cover art API',
    marks: [
      { code: isSuccessCode, 'data.images': isFilledList, ...noPrompt },
      { code: isOtherCode, 'data.images': either(isEmptyList, isNull), ...noPrompt },
    ],
  },
  {
    name: 'suno-voice',
    title: 'the Suno voice API',
    marks: [
      { 'data.voiceId': isTextOrNull, 'data.status': isGiven },
      { 'data.validateInfo': (value) => value !== undefined, 'data.status': isGiven },
    ],
  },
  {
    name: 'luma-official',
    title: 'the official Luma API',
    marks: [
      { ...isOfficial, assets: either(isObject, isNull) },
      { ...isOfficial, generation_type: isText },
      { ...isOfficial, request: isObject },
      { ...isOfficial, failure_reason: isTextOrNull },
    ],
  },
]

/** The table, its paths split once. */
const LOOKS = FAMILIES.map(({ name, title, marks }) => ({
  family: { name, title },
  marks: marks.map((mark) => Object.entries(mark).map(([path, look]) => ({ path: path.split('.'), look }))),
}))

const CODE = ['code']
const RESULT_URLS = ['data', 'resultUrls']
const PROMPT = ['data', 'promptJson']
const TASK_IDS = [['data', 'taskId'], ['data', 'task_id'], ['taskId'], ['id']]

/**
 * The API that sent a parsed body; undefined if the body may be one of Luma modify. Both mistakes are costly: a Luma modify
 * result that is refused is lost, and another API's success that is let through reaches `onFailure`, where people refund.
 * So fields that only Luma modify sends decide first, and a body that fits Luma modify and another API is let through.
 */
export function otherFamily(body: unknown): OtherFamily | undefined {
  if (isLumaModify(body)) return undefined
  return LOOKS.find(({ marks }) => marks.some((mark) => mark.every(({ path, look }) => look(fieldAt(body, path)))))
    ?.family
}

/** Result URLs are in this place in no other API. Veo may send a prompt with a success, and no API does with a failure. */
function isLumaModify(body: unknown): boolean {
  if (fieldAt(body, RESULT_URLS) != null) return true
  return fieldAt(body, CODE) !== 200 && fieldAt(body, PROMPT) != null
}

/** The id of the task of another API, wherever that API puts it, to tell which it was. */
export function otherTaskId(body: unknown): string | undefined {
  const id = TASK_IDS.map((path) => fieldAt(body, path)).find(isGiven)
  return typeof id === 'string' && taskIdProblem(id) === undefined ? id : undefined
}

function fieldAt(body: unknown, path: readonly string[]): unknown {
  let value = body
  for (const name of path) {
    if (!isRecord(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
