import express from 'express'

/** What people write by hand: parse, answer, do nothing else. */
const app = express()
app.use(express.json())
app.post('/luma-modify-callback', (_request, response) => {
  response.json({ status: 'received' })
})
const server = app.listen(0, '127.0.0.1', () => process.send?.(server.address()))
