"""Listens with python-hl7 on a free port and acknowledges with its create_ack: python_hl7_server.py

Prints "listening on PORT", then a line for each message: MSH-9.1, MSH-9.2, MSH-10, the segments' names."""

import asyncio
import sys

import hl7.mllp


async def converse(reader, writer):
    try:
        while not writer.is_closing():
            message = await reader.readmessage()
            print(message["MSH.F9.R1.C1"], message["MSH.F9.R1.C2"], message["MSH.F10"], ",".join(str(segment(0)) for segment in message),
                  flush=True)
            writer.writemessage(message.create_ack())
            await writer.drain()
    except asyncio.IncompleteReadError:
        pass  # the other side has ended
    writer.close()


async def serve():
    server = await hl7.mllp.start_hl7_server(converse, host="127.0.0.1", port=0, encoding="latin-1", limit=1 << 24)
    print("listening on", server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(serve())
