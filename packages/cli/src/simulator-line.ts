import { printable } from '@luma-callback/core/internal'
import type { SimulatorDelivery, SimulatorEvent } from '@luma-callback/testing'
import { duration } from './numbers.ts'
import { paint } from './output.ts'

const LABEL = 10

/** An event of the simulator in columns: time, event, task, details. */
export function eventLine(time: Date, event: SimulatorEvent): string {
  const clock = paint('dim', time.toTimeString().slice(0, 8))
  const [style, label, id, text] = cells(event)
  return `${clock}  ${paint(style, label.padEnd(LABEL))}  ${id}  ${printable(text)}`.trimEnd()
}

type Cells = [style: 'green' | 'yellow' | 'red' | 'cyan' | 'dim', label: string, id: string, text: string]

function cells(event: SimulatorEvent): Cells {
  switch (event.type) {
    case 'submitted': {
      const { taskId, callBackUrl } = event.task
      return ['cyan', 'submitted', taskId, callBackUrl === undefined ? 'without a callback' : `for ${callBackUrl}`]
    }
    case 'generated': {
      const { taskId, state } = event.task
      return ['cyan', state === 'success' ? 'succeeded' : 'failed', taskId, '']
    }
    case 'delivered':
      return ['green', answer(event.delivery), event.delivery.taskId, about(event.delivery)]
    case 'retrying': {
      const { delivery, delay } = event
      return ['yellow', answer(delivery), delivery.taskId, `${about(delivery)}; again in ${duration(delay)}`]
    }
    case 'undelivered': {
      const { delivery } = event
      return ['red', answer(delivery), delivery.taskId, `${about(delivery)}; not sent again`]
    }
    case 'refused':
      return ['yellow', `API ${event.code}`, `${event.method} ${printable(event.path)}`, event.msg]
    case 'linked':
      return ['dim', 'linked', printable(event.url), '']
    case 'file':
      return [
        'dim',
        `file ${event.status}`,
        `${event.method} ${printable(event.path)}`,
        `${event.result}, ${event.bytes} bytes`,
      ]
    default:
      return event satisfies never
  }
}

function answer({ status }: SimulatorDelivery): string {
  return status === undefined ? 'no answer' : `answer ${status}`
}

function about({ kind, attempt, duration: took, status, error, answer: text }: SimulatorDelivery): string {
  const which = kind === 'first' ? 'callback' : `${kind} (${attempt})`
  const why = status === 200 ? '' : `: ${error ?? text}`
  return `${which}, ${duration(Math.round(took))}${why}`
}
