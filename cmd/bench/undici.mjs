// Posts the lines of a file: address, file, connections.
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { Pool } from 'undici'

const [address, file, connections] = process.argv.slice(2)
const pool = new Pool(address, { connections: Number(connections) })
const lines = createInterface({ input: createReadStream(file) })[Symbol.asyncIterator]()

async function post () {
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const answer = await pool.request({
      path: '/v3/moderation/messages',
      method: 'POST',
      headers: { 'content-type': 'application/json', apikey: 'bench' },
      body: line.value
    })
    if (answer.statusCode !== 200) throw new Error(`answered ${answer.statusCode}`)
    await answer.body.dump()
  }
}

await Promise.all(Array.from({ length: Number(connections) }, post))
await pool.close()
