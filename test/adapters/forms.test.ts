import { describe, expect, test } from 'vitest'
import { FORMS, frameworks } from '../helpers/frameworks.ts'
import { post } from '../helpers/requests.ts'
import { SECRET, signedHeaders, successOf } from '../helpers/signed.ts'

describe.each(frameworks)('$name', ({ start }) => {
  describe.each(Object.entries(FORMS))('used in the form "%s"', (form, path) => {
    test('answers a callback at its address', async () => {
      const { url } = await start({}, { form: form as keyof typeof FORMS })
      const { taskId, body } = successOf()
      await post(url, path, body, signedHeaders(taskId)).expect(200, { status: 'received' })
    })

    test('passes on what is not its own, the body unread', async () => {
      const { url } = await start({}, { form: form as keyof typeof FORMS })
      for (const other of ['/', '/other', `${path}/deeper`, `${path}s`, '/hooks', '/api/tenants/acme']) {
        await post(url, other, 'the body').expect(404, 'passed on with the body')
      }
    })

    test('answers with a slash at the end of its address too', async () => {
      const { url } = await start({}, { form: form as keyof typeof FORMS })
      const { taskId, body } = successOf()
      await post(url, `${path}/`, body, signedHeaders(taskId)).expect(200)
    })
  })

  test('answers at the option path', async () => {
    const { url } = await start({ path: '/elsewhere' })
    const { taskId, body } = successOf()
    await post(url, '/elsewhere', body, signedHeaders(taskId)).expect(200)
    await post(url, FORMS.bare, body, signedHeaders(taskId)).expect(404)
  })

  test('gives the query of the called URL to the hook', async () => {
    const queries: unknown[] = []
    const { url } = await start({ onSuccess: ({ query }) => queries.push(query) }, { form: 'nested' })
    const { taskId, body } = successOf()
    const query = '?order=4%2F2&order=43&tenant=%C3%A9'
    await post(url, FORMS.nested + query, body, signedHeaders(taskId))
    expect(queries).toEqual([{ order: '4/2', tenant: 'é' }])
  })

  test('gives the parameters of the route to the secret function', async () => {
    const tenants: unknown[] = []
    const secret = ({ params }: { params?: Readonly<Record<string, string>> | undefined }) => {
      tenants.push(params?.['tenant'])
      return SECRET
    }
    const { url } = await start({ secret }, { form: 'nested' })
    const { taskId, body } = successOf()
    await post(url, FORMS.nested, body, signedHeaders(taskId)).expect(200)
    // koa-router 15 and Express with mergeParams both know the parameter of the outer router here.
    expect(tenants).toEqual(['acme'])
  })
})
