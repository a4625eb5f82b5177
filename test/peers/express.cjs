// A receiver the way the provider's page shows it for Node. Added to it: the counting, the probe, and the port.
const express = require('express')
const fs = require('node:fs')
const https = require('node:https')

const app = express()
app.use(express.json())

const handled = {}

app.post('/luma-modify-callback', (req, res) => {
  const { code, msg, data } = req.body
  console.log('Received Luma video modification callback:', { taskId: data.taskId, status: code, message: msg })
  handled[data.taskId] = (handled[data.taskId] ?? 0) + 1

  if (code === 200) {
    const { taskId, promptJson, resultUrls } = data
    console.log(`Task ID: ${taskId}`)
    console.log(`Original Parameters: ${promptJson}`)
    console.log(`Generated Video URLs: ${resultUrls.join(', ')}`)
    resultUrls.forEach((url, index) => {
      const filename = `luma_result_${taskId}_${index + 1}.mp4`
      downloadFile(url, filename)
        .then(() => console.log(`Video ${index + 1} downloaded successfully`))
        .catch((err) => console.error(`Video ${index + 1} download failed:`, err))
    })
  } else {
    console.log('Luma video modification failed:', msg)
    const { promptJson } = data
    console.log('Original parameters:', promptJson)
  }
  res.status(200).json({ status: 'received' })
})

app.get('/probe', (req, res) => res.json({ handled: handled[req.query.taskId] ?? 0 }))

function downloadFile(url, filename) {
  return new Promise((resolve, reject) => {
    const file = fs.createWriteStream(filename)
    https
      .get(url, (response) => {
        if (response.statusCode === 200) {
          response.pipe(file)
          file.on('finish', () => {
            file.close()
            resolve()
          })
        } else {
          reject(new Error(`HTTP ${response.statusCode}`))
        }
      })
      .on('error', reject)
  })
}

app.listen(Number(process.env.PORT), '127.0.0.1')
