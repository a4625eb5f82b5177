import bodyParser from '@koa/bodyparser'
import Koa from 'koa'

/** What people write by hand in Koa: parse, answer, do nothing else. */
const app = new Koa()
app.use(bodyParser())
app.use((context) => {
  context.body = { status: 'received' }
})
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
