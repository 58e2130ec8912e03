// Prints what happens to orders, from the Redis stream of all events.
//
//     node consumer.js redis://:password@cache:6379/0 handled.json
const fs = require('node:fs')
const { createClient } = require('redis')

async function main([url, file]) {
  let last = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file)) : { entry: '0-0' } // what was handled last
  const redis = createClient({ url })
  await redis.connect()
  for (;;) {
    const read = await redis.xRead({ key: 'ordermill:events', id: last.entry }, { COUNT: 100, BLOCK: 5000 })
    for (const { id: entry, message } of read ? read[0].messages : []) {
      const event = JSON.parse(message.payload)
      if (last.id && event.previousid !== last.id) {
        throw new Error(`events before ${entry} are gone from the stream: GET /v1/events?after=${parseInt(last.entry)} has them`)
      }
      if (event.type.startsWith('order.')) console.log(event.type, event.subject) // a crash before the next lines does it again
      last = { entry, id: event.id }
      fs.writeFileSync(file + '.new', JSON.stringify(last))
      fs.renameSync(file + '.new', file) // whole or not at all
    }
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.message)
  process.exit(1)
})
