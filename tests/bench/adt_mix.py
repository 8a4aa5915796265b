"""The ADT messages of the MLLP benchmark: 70 % updates that change one resource or none, 20 % A01, 10 % A03."""

import datetime
import itertools
import random

import messages as hl7

# Of ten messages: half of the updates repeat an identity that is known (A31), half move a patient to another bed (A02).
PATTERN = ("A01", "A31", "A02", "A31", "A02", "A01", "A31", "A02", "A03", "A02")
ADMITTED = datetime.datetime(2026, 3, 1, 8)
OPEN_STAYS_KEPT = 40
# Every patient is another person: those of one national number would be linked, so that a message would change more
# and more resources.
PEOPLE = itertools.count()


# What hospitals send along: next of kin, and the French segments of profession, visit, movement and proof of identity.
COMPANY = "\r".join((
    "NK1|1|MARTIN^Élodie^Marie^^MME^^L|SPO^Conjoint^HL70063|12 RUE DE LA PAIX^^NANTES^^44000^FRA^H||0612345678^PRN^CP"
    "^elodie.martin@exemple.example|S^Personne à prévenir^HL70131",
    "PV2||P||||||||||||||||||||N|CHIRURGIE PROGRAMMEE|||||||||||N||||AMBULATOIRE",
    "ZFP|1|31^Cadres de la fonction publique^INSEE",
    "ZFV|990000011^20260228180000|1^Transport par ambulance^TRANSPORT",
    "ZFM|8|0^^7|||",
    "ZFD||||1^^PASSEPORT^2026")) + "\r"


class Stay:
    def __init__(self, prefix: str, client: int, number: int):
        name = f"{prefix}{client}{number:06}"
        self.patient = hl7.Patient(
            ipp=f"P{name}", visit=f"V{name}", family=f"ÉTÉ-{number}", given="Noé-Gaël", sex="M", birth="19500101",
            commune="44109", nir=f"15001{next(PEOPLE):08}", amc_member=f"M{name}")
        self.admitted = ADMITTED + datetime.timedelta(minutes=number)
        self.moves = 0

    def time(self, hours: int) -> str:
        return (self.admitted + datetime.timedelta(hours=hours)).strftime("%Y%m%d%H%M%S")


def messages_of(prefix: str, client: int, count: int) -> list[bytes]:
    """The messages of one connection, in order. Control ids begin with `prefix`; other prefixes mean other patients."""
    choose = random.Random(client)
    stays: list[Stay] = []
    made: list[bytes] = []
    admissions = 0
    for number in range(count):
        control_id = f"{prefix}-{client}-{number:06}"
        kind = PATTERN[number % len(PATTERN)]
        if kind == "A01":
            stays.append(Stay(prefix, client, admissions))
            admissions += 1
            stay = stays[-1]
            made.append(with_company(hl7.admission(stay.patient, control_id, stay.time(0))))
            continue
        stay = choose.choice(stays[-OPEN_STAYS_KEPT:])
        if kind == "A31":
            made.append(hl7.identity_update(stay.patient, control_id, stay.time(stay.moves + 1)))
        elif kind == "A02":
            stay.moves += 1
            location = f"CHIR^{100 + stay.moves % 20}^{1 + number % 2}"
            made.append(hl7.transfer(stay.patient, control_id, stay.time(0), stay.time(stay.moves), location))
        else:
            stays.remove(stay)
            made.append(hl7.discharge(stay.patient, control_id, stay.time(0), stay.time(stay.moves + 1)))
        made[-1] = with_company(made[-1])
    return made


def with_company(message: bytes) -> bytes:
    return message + COMPANY.encode("iso-8859-15")


def frames(content: list[bytes]) -> bytes:
    return b"".join(b"\x0b" + message + b"\x1c\r" for message in content)
