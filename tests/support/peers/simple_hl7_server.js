// Listens with simple-hl7 and acknowledges as it does by itself: node simple_hl7_server.js
// Prints "listening on PORT", then a line for each message: MSH-9.1, MSH-9.2, MSH-10, the segments' names.
const hl7 = require('simple-hl7')
const net = require('net')

const app = hl7.tcp()
app.use((request, answer, next) => {
  const header = request.msg.header
  console.log([header.getComponent(7, 1), header.getComponent(7, 2), header.getField(8),
    request.msg.segments.map((segment) => segment.name).join(',')].join(' '))
  answer.end()
})
app.use((error, request, answer, next) => { console.error(String(error)) })

// The library takes a port and nothing else, and listens everywhere: here on loopback, on a free port.
const listen = net.Server.prototype.listen
net.Server.prototype.listen = function () {
  return listen.call(this, 0, '127.0.0.1', () => console.log('listening on ' + this.address().port))
}
app.start(0, 'latin1')
process.stdin.resume().on('end', () => process.exit(0))
