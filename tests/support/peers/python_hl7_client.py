"""Sends messages with python-hl7, one after another on one connection: python_hl7_client.py PORT FILE…

Prints a line for each: MSA-1, MSA-2, the codes in ERR-3."""

import sys

import hl7
import hl7.client

with hl7.client.MLLPClient("127.0.0.1", int(sys.argv[1]), encoding="latin-1") as client:
    for name in sys.argv[2:]:
        with open(name, encoding="latin-1", newline="") as file:
            message = hl7.parse(file.read())
        answer = hl7.parse(client.send_message(message).decode("latin-1").strip("\x0b\x1c\r"))
        errors = [str(segment(3)(1)(1)) for segment in answer.segments("ERR")] if "ERR" in [str(s(0)) for s in answer] else []
        print(answer["MSA"][0][1], answer["MSA"][0][2], *errors, flush=True)
