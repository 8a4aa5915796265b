"""Clients that write transactions over REST and remember when each was sent and acknowledged."""

import dataclasses
import http.client
import threading
import time
import uuid

from fhir_client import FhirClient

AWAY_S = 0.1  # until a client that got no answer tries again
ENTRIES = 3  # of a transaction: a Patient and two Observations of it


@dataclasses.dataclass
class Write:
    """One transaction. Times are seconds since 1970, as PostgreSQL on the same machine has them."""

    number: int
    sent_at: float
    acknowledged_at: float | None = None
    ids: tuple[str, ...] = ()  # of the entries, when it was acknowledged


def mark(writer: int, number: int) -> str:
    return f"W{writer}-{number}"


def transaction(text: str, ledger: str = "") -> dict:
    """A Patient and two Observations that refer to it, each found again by the mark as its identifier. With `ledger`, the id
    of a Basic, it is updated too: its history then tells the transactions in their order."""
    patient = f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, text)}"
    identifier = [{"system": "urn:test:load", "value": text}]
    entries = [{"fullUrl": patient, "resource": {"resourceType": "Patient", "identifier": identifier, "active": True},
                "request": {"method": "POST", "url": "Patient"}}]
    for value in (60, 61):
        entries.append({"resource": {"resourceType": "Observation", "status": "final", "identifier": identifier,
                                     "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
                                     "subject": {"reference": patient}, "valueQuantity": {"value": value, "unit": "/min"}},
                        "request": {"method": "POST", "url": "Observation"}})
    if ledger:
        entries.append({"resource": {"resourceType": "Basic", "id": ledger, "code": {"text": "ledger"},
                                     "identifier": [{"system": "urn:test:ledger", "value": text}]},
                        "request": {"method": "PUT", "url": f"Basic/{ledger}"}})
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


class TransactionWriter(threading.Thread):
    """Sends transactions, one after the other, until told to stop.

    What was not answered with 200 is not repeated, and may be there or not. With `repeats`, it is sent again under its
    Idempotency-Key until it is answered, also after the end was told: then it is there, and once.
    """

    def __init__(self, writer: int, base, pause_s: float = 0, ledger: bool = False, repeats: bool = False):
        """base: a function, since a gateway that was started again has another port."""
        super().__init__(daemon=True)
        self.writer, self.base, self.pause_s, self.repeats = writer, base, pause_s, repeats
        self.ledger = f"ledger{writer}" if ledger else ""
        self.ending = threading.Event()
        self.writes: list[Write] = []
        self.faults: list = []  # answers other than 200 and 503
        self.unanswered = 0
        self.refused = 0
        self.client: FhirClient | None = None

    def run(self):
        try:
            while not self.ending.is_set():
                write = Write(len(self.writes) + 1, time.time())
                self.writes.append(write)
                answered = self.send(write)
                while self.repeats and not answered:
                    time.sleep(AWAY_S)
                    answered = self.send(write)
                time.sleep(self.pause_s if answered else AWAY_S)
        except Exception as error:  # told by the test
            self.faults.append(repr(error))
        finally:
            self.close()

    def send(self, write: Write) -> bool:
        text = mark(self.writer, write.number)
        try:
            if self.client is None:
                self.client = FhirClient(self.base(), timeout_s=30)
                self.client.repeats = False  # a transaction that was asked twice would be there twice
            status, body, headers = self.client.call("POST", "", transaction(text, self.ledger),
                                                     {"Idempotency-Key": text} if self.repeats else None)
        except (OSError, http.client.HTTPException):
            self.unanswered += 1
            self.close()
            return False
        if status == 200:
            write.acknowledged_at = time.time()
            write.ids = tuple(entry["response"]["location"].split("/_history")[0].split("/fhir/")[-1]
                              for entry in body["entry"][:ENTRIES])
            return True
        if status == 503 and headers.get("retry-after") and body.get("resourceType") == "OperationOutcome":
            self.refused += 1
            return False
        self.faults.append((status, body))
        return True

    def close(self):
        if self.client is not None:
            self.client.connection.close()
            self.client = None

    @property
    def acknowledged(self) -> list[Write]:
        return [write for write in self.writes if write.acknowledged_at is not None]


def stored(client: FhirClient) -> dict[str, list[str]]:
    """mark → the resources that carry it, as Type/id, of everything that is stored."""
    found: dict[str, list[str]] = {}
    for kind in ("Patient", "Observation"):
        for resource in client.search(f"{kind}?identifier=urn:test:load|&_count=1000"):
            found.setdefault(resource["identifier"][0]["value"], []).append(f"{kind}/{resource['id']}")
    return found


def faults_of(writers: list[TransactionWriter], found: dict[str, list[str]], must=lambda write: write.acknowledged_at is not None,
              may=lambda write: True) -> list[str]:
    """What is wrong with what is stored: writes that must be there and are not, that may not and are, and halves."""
    wrong = []
    known = set()
    for writer in writers:
        for write in writer.writes:
            text = mark(writer.writer, write.number)
            known.add(text)
            there = found.get(text, [])
            if len(there) not in (0, ENTRIES):
                wrong.append(f"{text}: {len(there)} of {ENTRIES} entries")
            elif must(write) and not there:
                wrong.append(f"{text}: acknowledged and lost")
            elif there and not may(write):
                wrong.append(f"{text}: should not be there")
            elif there and write.ids and sorted(write.ids) != sorted(there):
                wrong.append(f"{text}: acknowledged as {write.ids}, stored as {there}")
    wrong += [f"{text}: nobody sent it" for text in found if text not in known]
    return wrong
