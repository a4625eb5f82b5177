// Kills a receiver under load 200 times and looks whether it kept what it promised. Exits 1 if it did not. With --power, all
// that was not synced to the disk is lost at each kill, or a part of it.
//   npm run crash -- [--kills 200] [--seed 1] [--power]
import { randomInt } from 'node:crypto'
import { parseArgs } from 'node:util'
import { crash } from './run.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    seed: { type: 'string', default: String(randomInt(1e6)) },
    power: { type: 'boolean', default: false },
  },
})
const [kills, seed] = [Number(values.kills), Number(values.seed)]
console.log(`${kills} kills, seed ${seed}`)
const { broken, sent, acknowledged, repeated } = await crash(kills, seed, values.power ? 'cut' : 'stays')
console.log(`${sent} callbacks sent, ${acknowledged} answered 200, ${repeated} runs cut off by a kill and run again`)
for (const one of broken.slice(0, 20)) console.log(`  - ${one}`)
console.log(broken.length === 0 ? 'every promise was kept' : `${broken.length} promises were broken; seed ${seed}`)
process.exitCode = broken.length === 0 ? 0 : 1
