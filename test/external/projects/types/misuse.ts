// What must not compile. A line that is wrong ends in a comment that names where the compiler has to point.
import { lumaCallback } from '@luma-callback/express'

const onSuccess = async (): Promise<void> => {}
const allowed = new Map<string, boolean>()

lumaCallback(onSuccess, { tolernce: 300 }) // wrong: tolernce
lumaCallback({ onSuccess, tolernce: 300 }) // wrong: tolernce
lumaCallback(onSuccess, { tolerance: '300' }) // wrong: tolerance
lumaCallback({ onSuccess, tolerance: '300' }) // wrong: tolerance
lumaCallback({ onSuccess, retry: { attempts: '5' } }) // wrong: attempts
lumaCallback({ onSuccess, inbox: 'luma.db' }) // wrong: inbox
lumaCallback({ onSuccess, verify: async ({ url }) => allowed.get(url) }) // wrong: verify
lumaCallback(onSuccess, { verify: async ({ url }) => allowed.get(url) }) // wrong: verify
lumaCallback('/hooks', onSuccess) // wrong: '/hooks'
