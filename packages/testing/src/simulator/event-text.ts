import { printable } from '@luma-callback/core/internal'
import type { SimulatorDelivery } from './events.ts'
import type { SimulatorEvent } from './events.ts'

/**
 * An event of the simulator as one line for a log. Foreign text is shortened and its control characters are escaped, so that
 * it cannot fake log lines or control a terminal.
 *
 * @example
 * ```ts
 * import { describeSimulatorEvent, startSimulator } from '@luma-callback/testing'
 *
 * const simulator = await startSimulator({ observe: (event) => console.log(describeSimulatorEvent(event)) })
 * await simulator.close()
 * ```
 */
export function describeSimulatorEvent(event: SimulatorEvent): string {
  return `simulator: ${describe(event)}`
}

function describe(event: SimulatorEvent): string {
  switch (event.type) {
    case 'submitted': {
      const { taskId, callBackUrl } = event.task
      return `accepted task ${taskId}, ${callBackUrl === undefined ? 'without a callback' : `with the callback URL ${printable(callBackUrl)}`}`
    }
    case 'refused':
      return `answered ${event.code} to ${event.method} ${printable(event.path)}: ${printable(event.msg)}`
    case 'generated':
      return `finished task ${event.task.taskId}: ${event.task.state}`
    case 'delivered':
      return `${deliveryText(event.delivery)} was answered 200 in ${Math.round(event.delivery.duration)} ms`
    case 'retrying':
      return `${deliveryText(event.delivery)} failed, ${failure(event.delivery)}; the next one is in ${event.delay} ms`
    case 'undelivered':
      return `${deliveryText(event.delivery)} failed for good, ${failure(event.delivery)}`
    case 'linked':
      return `gave a link for ${printable(event.url)}`
    case 'file':
      return `${event.method} of file ${printable(event.path)} was answered ${event.status}, ${event.result}, ${event.bytes} bytes`
    default:
      return event satisfies never
  }
}

function deliveryText({ kind, attempt, taskId }: SimulatorDelivery): string {
  return `delivery ${attempt} (${kind}) for task ${taskId}`
}

function failure({ status, error, answer }: SimulatorDelivery): string {
  if (error !== undefined) return printable(error)
  return answer === '' ? `answered ${status}` : `answered ${status}: ${printable(answer)}`
}
