// Sends messages with simple-hl7, one after another on one connection: node simple_hl7_client.js PORT FILE…
// Prints a line for each: MSA-1, MSA-2.
const fs = require('fs')
const hl7 = require('simple-hl7')

const [port, ...files] = process.argv.slice(2)
const parser = new hl7.Parser({ segmentSeperator: '\r' })
const client = hl7.Server.createTcpClient({ host: '127.0.0.1', port: Number(port), keepalive: true })

function send(position) {
  if (position === files.length) {
    client.close()
    return
  }
  const message = parser.parse(fs.readFileSync(files[position], 'latin1').trim())
  client.send(message, (error, answer) => {
    if (error) {
      console.error(String(error))
      process.exit(1)
    }
    const msa = answer.getSegment('MSA')
    console.log(msa.getField(1) + ' ' + msa.getField(2))
    setImmediate(send, position + 1)  // it is ready for the next when this callback has returned
  })
}

send(0)
