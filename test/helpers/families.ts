/** A callback of another API, as its page documents it. */
export interface FamilyBody {
  /** The name that is told. */
  family: string
  /** Which of its callbacks. */
  what: string
  taskId: string
  body: string
}

const ID = '0123456789abcdef0123456789abcdef'
const UUID = 'ee603959-0000-4000-8000-000000000000'
const FILES = 'https://tempfile.aiquickdraw.com'
const VIDEO = `${FILES}/v/sample.mp4`
const IMAGE = `${FILES}/i/sample.png`
const AUDIO = `${FILES}/a/sample.mp3`
const TIME = 1_767_225_600_000

const market = {
  taskId: ID,
  model: 'nano-banana-pro',
  param: JSON.stringify({
    model: 'nano-banana-pro',
    callBackUrl: 'https://example.com/cb',
    input: { prompt: 'a fox' },
  }),
  consumeCredits: 4,
  remainedCredits: 100,
  costTime: 8,
  createTime: TIME,
  completeTime: TIME + 8_000,
  updateTime: TIME + 8_000,
}
const track = {
  id: 'audio-1',
  audio_url: AUDIO,
  stream_audio_url: AUDIO,
  image_url: IMAGE,
  prompt: '[Verse] sample',
  model_name: 'chirp-v4',
  title: 'Sample',
  tags: 'pop',
  createTime: '2026-01-01 00:00:00',
  duration: 120.5,
}
const source = { source_audio_url: AUDIO, source_stream_audio_url: AUDIO, source_image_url: IMAGE }
const notes = [{ pitch: 73, start: 0, end: '1.2', velocity: 1 }]
const veoInfo = { resultUrls: [VIDEO], originUrls: [VIDEO], resolution: '1080p' }
const official = {
  id: 'd1b2',
  generation_type: 'video',
  failure_reason: null,
  created_at: '2026-01-01T00:00:00Z',
  model: 'ray-2',
  request: { generation_type: 'video', model: 'ray-2', callback_url: 'https://example.com/cb' },
}

/** A body in the provider's envelope; the task's id is where its data has it. */
function of(family: string, what: string, code: number, data: Readonly<Record<string, unknown>>): FamilyBody {
  const taskId = String(data['taskId'] ?? data['task_id'])
  return { family, what, taskId, body: JSON.stringify({ code, msg: what, data }) }
}

/** Aleph puts the id outside the data. */
function aleph(what: string, code: number, data: unknown): FamilyBody {
  return { family: 'aleph', what, taskId: UUID, body: JSON.stringify({ code, msg: what, data, taskId: UUID }) }
}

function lumaOfficial(state: string, more: Readonly<Record<string, unknown>>): FamilyBody {
  const body = { ...official, state, ...more }
  return { family: 'luma-official', what: state, taskId: official.id, body: JSON.stringify(body) }
}

const resultJson = JSON.stringify({ resultUrls: [IMAGE] })
const withWatermark = JSON.stringify({ resultUrls: [VIDEO], resultWaterMarkUrls: [VIDEO] })
const failure = { failCode: '500', failMsg: 'Internal server error' }

/** Of each API every documented success, failure and step on the way, but for failures that may as well be Luma modify's. */
export const FAMILY_BODIES: readonly FamilyBody[] = [
  of('market', 'success', 200, { ...market, state: 'success', resultJson }),
  of('market', 'success of Sora', 200, { ...market, state: 'success', resultJson: withWatermark }),
  of('market', 'success without its request', 200, { taskId: ID, model: 'm', state: 'success', resultJson }),
  of('market', 'failure', 501, { ...market, state: 'fail', ...failure }),
  of('market', 'failure with an empty result', 501, { ...market, state: 'fail', ...failure, resultJson: '' }),
  ...['waiting', 'queuing', 'generating'].map((state) => of('market', state, 200, { ...market, state })),
  of('veo', 'success', 200, { taskId: 'veo_task_1', info: veoInfo, fallbackFlag: false }),
  of('veo', 'success with a prompt', 200, { taskId: 'veo_task_1', promptJson: '{}', info: veoInfo }),
  of('veo', 'success with the URLs as text', 200, { taskId: 'veo_task_1', info: { resultUrls: `[${VIDEO}]` } }),
  ...[400, 422, 500, 501].map((code) =>
    of('veo', `failure ${code}`, code, { taskId: 'v', fallbackFlag: code === 422 }),
  ),
  of('veo-4k', 'success', 200, { taskId: 'veo_task_1', info: { resultUrls: [VIDEO], imageUrls: [IMAGE] } }),
  of('runway', 'success', 200, { task_id: UUID, video_id: 'v-1', video_url: VIDEO, image_url: IMAGE }),
  ...[400, 500].map((code) =>
    of('runway', `failure ${code}`, code, { task_id: UUID, video_id: '', video_url: '', image_url: '' }),
  ),
  aleph('success', 200, { result_video_url: VIDEO, result_image_url: IMAGE }),
  aleph('success as its sample reads it', 200, { task_id: UUID, video_url: VIDEO, image_url: IMAGE }),
  of('aleph', 'success with the id in its data', 200, { task_id: UUID, result_video_url: VIDEO }),
  aleph('failure', 400, null),
  of('gpt4o-image', 'success', 200, { taskId: ID, info: { result_urls: [IMAGE] } }),
  ...[400, 451, 500].map((code) => of('gpt4o-image', `failure ${code}`, code, { taskId: ID, info: null })),
  of('flux-kontext', 'success', 200, { taskId: ID, info: { originImageUrl: IMAGE, resultImageUrl: IMAGE } }),
  ...[400, 500, 501].map((code) =>
    of('flux-kontext', `failure ${code}`, code, { taskId: ID, info: { originImageUrl: '', resultImageUrl: '' } }),
  ),
  of('flux-kontext', 'success of Nano Banana', 200, { taskId: ID, info: { resultImageUrl: IMAGE } }),
  ...[400, 500, 501].map((code) =>
    of('flux-kontext', `failure ${code} of Nano Banana`, code, { taskId: ID, info: { resultImageUrl: '' } }),
  ),
  of('suno', 'text', 200, { callbackType: 'text', task_id: ID, data: [{ ...track, audio_url: '' }] }),
  of('suno', 'first', 200, { callbackType: 'first', task_id: ID, data: [track] }),
  of('suno', 'complete', 200, { callbackType: 'complete', task_id: ID, data: [track, { ...track, id: 'audio-2' }] }),
  ...[400, 408, 413, 500, 501, 531].map((code) =>
    of('suno', `failure ${code}`, code, { callbackType: 'error', task_id: ID, data: null }),
  ),
  of('suno', 'complete of an upload', 200, { callbackType: 'complete', task_id: ID, data: [{ ...track, ...source }] }),
  of('suno', 'complete of lyrics', 200, {
    callbackType: 'complete',
    task_id: ID,
    data: [{ text: 'la', title: 'La', status: 'complete', error_message: '' }],
  }),
  of('suno', 'failure of lyrics', 451, { callbackType: 'error', task_id: ID, data: null }),
  of('suno-cover', 'success', 200, { taskId: ID, images: [IMAGE, IMAGE] }),
  of('suno-cover', 'failure', 501, { taskId: ID, images: [] }),
  of('suno-cover', 'failure without images', 531, { taskId: ID, images: null }),
  of('suno-wav', 'success', 200, { task_id: ID, audioWavUrl: AUDIO }),
  of('suno-wav', 'failure', 500, { task_id: ID, audioWavUrl: null }),
  of('suno-mp4', 'success', 200, { task_id: ID, video_url: VIDEO }),
  of('suno-mp4', 'failure', 500, { task_id: ID, video_url: null }),
  of('suno-vocals', 'success', 200, {
    task_id: ID,
    vocal_separation_info: { origin_url: '', vocal_url: AUDIO, instrumental_url: AUDIO },
  }),
  of('suno-vocals', 'success of the sister site', 200, { task_id: ID, vocal_removal_info: { vocal_url: AUDIO } }),
  of('suno-vocals', 'success of split stems', 200, {
    task_id: ID,
    vocal_removal_info: { origin_data: [{ extract: AUDIO, remove: AUDIO }] },
  }),
  of('suno-vocals', 'failure', 500, { task_id: ID, vocal_separation_info: null }),
  of('suno-vocals', 'failure of the sister site', 500, { task_id: ID, vocal_removal_info: null }),
  of('suno-midi', 'success', 200, { taskId: ID, state: 'complete', instruments: [{ name: 'Drums', notes }] }),
  of('suno-midi', 'failure', 500, { taskId: ID, state: 'fail', instruments: null }),
  of('suno-voice', 'success', 200, { taskId: ID, voiceId: 'v', status: 'success', errorCode: 0, errorMessage: '' }),
  of('suno-voice', 'validation', 200, { taskId: ID, validateInfo: 'read this', status: 'wait', errorCode: null }),
  of('suno-voice', 'failure', 500, { taskId: ID, voiceId: null, status: 'fail', errorCode: 500, errorMessage: 'no' }),
  lumaOfficial('queued', { assets: null }),
  lumaOfficial('dreaming', { assets: null }),
  lumaOfficial('completed', { assets: { video: VIDEO, image: IMAGE, progress_video: VIDEO } }),
  lumaOfficial('failed', { assets: null, failure_reason: 'moderated', request: {} }),
]
