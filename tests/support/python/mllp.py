"""MLLP with the standard library: a sender, and a receiver that acknowledges and keeps what it got."""

import socket
import threading

START, END = b"\x0b", b"\x1c\r"


class MllpSender:
    def __init__(self, host: str, port: int, timeout_s: float = 30):
        self.socket = socket.create_connection((host, port), timeout=timeout_s)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def send(self, message: bytes) -> bytes:
        """Sends one message, returns the acknowledgement; raises ConnectionError when the peer closes first."""
        self.socket.sendall(START + message + END)
        while END not in self.buffer:
            block = self.socket.recv(65536)
            if not block:
                raise ConnectionError("closed without an acknowledgement")
            self.buffer += block
        frame, self.buffer = self.buffer.split(END, 1)
        return frame[frame.index(START) + 1:]

    def close(self):
        self.socket.close()


def control_id(message: bytes) -> bytes:
    return message.split(b"\r", 1)[0].split(b"|")[9]


def acknowledge(message: bytes, code: bytes = b"AA", of: bytes | None = None) -> bytes:
    """The acknowledgement of a message, or of another one by its control id."""
    header = message.split(b"\r", 1)[0].split(b"|")
    return b"\r".join([b"|".join([b"MSH", b"^~\\&", *header[4:6], *header[2:4], b"20240101000000", b"", b"ACK",
                                  b"ACK" + header[9], b"P", header[11]]),
                       b"MSA|" + code + b"|" + (header[9] if of is None else of), b""])


class MllpReceiver:
    """Listens, answers AA to every message, and keeps the messages in order of arrival.

    `behave(connection, message, number)` answers in its place: it sends what it likes and returns whether the connection
    stays open; `number` counts the messages from 1.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0, behave=None):
        self.behave = behave or self._accept_it
        self.server = socket.create_server((host, port))
        self.port = self.server.getsockname()[1]
        self.messages: list[bytes] = []
        self.arrived = threading.Condition()
        threading.Thread(target=self._accept, daemon=True).start()

    def wait_for(self, predicate, timeout_s: float) -> bytes | None:
        """The first message for which predicate holds, waiting for it to arrive."""
        with self.arrived:
            self.arrived.wait_for(lambda: any(map(predicate, self.messages)), timeout_s)
            return next((m for m in self.messages if predicate(m)), None)

    def _accept(self):
        while True:
            connection, _ = self.server.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        buffer = b""
        with connection:
            while block := connection.recv(65536):
                buffer += block
                while END in buffer:
                    frame, buffer = buffer.split(END, 1)
                    message = frame[frame.index(START) + 1:]
                    with self.arrived:
                        self.messages.append(message)
                        number = len(self.messages)
                        self.arrived.notify_all()
                    if not self.behave(connection, message, number):
                        return

    @staticmethod
    def _accept_it(connection, message, number):
        connection.sendall(START + acknowledge(message) + END)
        return True
