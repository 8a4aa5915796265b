"""PAM.fr messages about synthetic patients, built as a hospital's system would send them.

Every INS is under the test OID 1.2.250.1.213.1.4.10; FINESS 990000010 is fictional.
"""

import base64
import dataclasses

FINESS = "990000010"
INS_TEST_OID = "1.2.250.1.213.1.4.10"


def nir_key(number: str) -> str:
    """The two control digits of a NIR of 13 characters (2A counts as 19, 2B as 18)."""
    return f"{97 - int(number.replace('2A', '19').replace('2B', '18')) % 97:02d}"


@dataclasses.dataclass
class Patient:
    ipp: str
    visit: str
    family: str
    given: str
    sex: str
    birth: str             # YYYYMMDD
    commune: str           # INSEE code of the birth place
    nir: str               # 13 characters
    amc_member: str
    exemption: str = ""    # IN1-15
    identity: str = "VALI"  # PID-32

    @property
    def ins(self) -> str:
        return self.nir + nir_key(self.nir)


AMO = ("011440000", "CPAM LOIRE-ATLANTIQUE")
AMC = ("75500017", "MUTUELLE DE LA LOIRE")


def header(trigger: str, structure: str, control_id: str, when: str, version: str = "2.5^FRA^2.11",
           profile: str = "2.11^IHE_FRANCE-2.11-PAM", kind: str = "ADT") -> str:
    return (f"MSH|^~\\&|GAM|CHU|PASSERELLE|PASSERELLE|{when}||{kind}^{trigger}^{structure}|{control_id}|P|{version}"
            f"|||||FRA|8859/15|FR||{profile}")


def pid(patient: Patient) -> str:
    identifiers = f"{patient.ipp}^^^CHU&{FINESS}&N^PI"
    if patient.nir:
        identifiers += f"~{patient.ins}^^^ASIP-SANTE-INS-NIR&{INS_TEST_OID}&ISO^INS"
    fields = ["PID", "1", "", identifiers, "", f"{patient.family}^{patient.given}^{patient.given}^^^^L", "",
              patient.birth, patient.sex, "", "",
              f"12 RUE DE LA PAIX^^NANTES^^44000^FRA^H~^^^^^^BDL^^{patient.commune}", "", "", "", "", "S", "",
              f"{patient.visit}^^^CHU&{FINESS}&M^AN"]
    fields += [""] * (32 - len(fields)) + [patient.identity]
    return "|".join(fields)


def pv1(patient: Patient, admitted: str, discharged: str = "", location: str = "CHIR^101^1") -> str:
    fields = ["PV1", "1", "I", f"{location}^CHU&{FINESS}&M", "R", "", "",
              "810002909371^DELATTRE^Hélène^^^DR^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"]
    fields += [""] * (19 - len(fields)) + [f"{patient.visit}-1^^^CHU&{FINESS}&M^VN"]
    fields += [""] * (36 - len(fields)) + ["3" if discharged else ""]
    fields += [""] * (44 - len(fields)) + [admitted, discharged]
    return "|".join(fields).rstrip("|")


def zbe(movement: str, when: str) -> str:
    unit = f"CHIRURGIE^^^^^CHU&{FINESS}&N^UF^^^6268"
    return f"ZBE|{movement}^CHU^{FINESS}|{when}||INSERT|N||{unit}|{unit}|HMS"


def insurance(patient: Patient) -> list[str]:
    rows = []
    for rank, (kind, (organism, name), member) in enumerate(
            (("AMO", AMO, patient.ins if patient.nir else ""), ("AMC", AMC, patient.amc_member)), 1):
        fields = ["IN1", str(rank), kind, organism, name]
        fields += [""] * (12 - len(fields)) + ["20240101", "20301231"]
        fields += [""] * (15 - len(fields)) + [patient.exemption if kind == "AMO" else "", "", "1"]
        fields += [""] * (49 - len(fields)) + [member]
        rows.append("|".join(fields))
    return rows


def encode(segments: list[str]) -> bytes:
    return ("\r".join(segments) + "\r").encode("iso-8859-15")


def admission(patient: Patient, control_id: str, when: str) -> bytes:
    return encode([header("A01", "ADT_A01", control_id, when), f"EVN||{when}||||{when}", pid(patient),
                   pv1(patient, when), zbe("1" + patient.visit, when), *insurance(patient)])


def transfer(patient: Patient, control_id: str, admitted: str, when: str, location: str) -> bytes:
    return encode([header("A02", "ADT_A02", control_id, when), f"EVN||{when}||||{when}", pid(patient),
                   pv1(patient, admitted, location=location), zbe("2" + patient.visit + control_id[-3:], when)])


def identity_update(patient: Patient, control_id: str, when: str) -> bytes:
    return encode([header("A31", "ADT_A05", control_id, when), f"EVN||{when}||||{when}", pid(patient), "PV1|1|N"])


def discharge(patient: Patient, control_id: str, admitted: str, when: str) -> bytes:
    return encode([header("A03", "ADT_A03", control_id, when), f"EVN||{when}||||{when}", pid(patient),
                   pv1(patient, admitted, when), zbe("3" + patient.visit, when), *insurance(patient)])


def discharge_letter(patient: Patient, control_id: str, admitted: str, when: str, cda: bytes) -> bytes:
    txa = ["TXA", "1", "11490-0^Lettre de liaison à la sortie^LN", "TEXT", when, "", when]
    txa += [""] * (9 - len(txa)) + ["810002909371^DELATTRE^Hélène^^^DR^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"]
    txa += [""] * (12 - len(txa)) + [f"LETTRE-{patient.visit}^CHU^{FINESS}^N"]
    txa += [""] * (17 - len(txa)) + ["AU"]
    obx = ["OBX", "1", "ED", "11490-0^Lettre de liaison à la sortie^LN", "",
           f"^TEXT^XML^Base64^{base64.b64encode(cda).decode()}", "", "", "", "", "", "F"]
    return encode([header("T02", "MDM_T02", control_id, when, "2.6^FRA^2.11", "2.1^CISIS_CDA_HL7_V2", "MDM"),
                   f"EVN||{when}", pid(patient), pv1(patient, admitted, when), "|".join(txa), "|".join(obx)])


def acknowledgement_code(ack: bytes) -> str:
    """MSA-1: AA, AE, AR, CA …"""
    for segment in ack.split(b"\r"):
        if segment.startswith(b"MSA|"):
            return segment.split(b"|")[1].decode()
    return ""
