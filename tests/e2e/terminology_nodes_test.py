"""A large code system on several nodes: what one has loaded, all answer about; and a node that is killed in the middle of a
load is followed by another, while nobody is told of half a code system."""

import pathlib
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402
from fhir_client import FhirClient  # noqa: E402
from gateway_process import Gateway, Workspace  # noqa: E402
from postgres_server import OutsideDatabase, execute  # noqa: E402

CONCEPTS = 20_000
SYSTEM = "urn:test:nodes"
KILLS = 2


def concepts(count: int, words: str) -> bytes:
    return ("code,display,parent\n" + "".join(f"C{i:05},{words} {i},{'' if i == 0 else f'C{i // 10:05}'}\n" for i in range(count))).encode()


class TerminologyNodes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.database = OutsideDatabase()
        cls.addClassCleanup(cls.database.close)
        cls.workspace = Workspace("concepts")
        cls.addClassCleanup(cls.workspace.close)
        settings = e2e.settings_of(cls.workspace, {}, {
            "access": {"mode": "open"}, "jobs": {"lease_ms": 1000, "poll_ms": 50}, "database": {"connection": cls.database.conninfo}})
        config = e2e.write_settings(cls.workspace.path / "passerelle.yaml", settings)
        cls.nodes = [Gateway(e2e.binary(), config, None, cls.workspace.path / f"node{n}.log") for n in (1, 2)]
        cls.addClassCleanup(cls.end)
        for node in cls.nodes:
            node.start()

    @classmethod
    def end(cls):
        for node in cls.nodes:
            if node.process is not None and node.process.poll() is None:
                node.stop()

    def client(self, node: int) -> FhirClient:
        client = FhirClient(self.nodes[node].base, timeout_s=60)
        self.addCleanup(client.connection.close)
        return client

    def display(self, node: int, code: str):
        """The display of the code as the node knows it, or the status of the refusal."""
        status, body, _ = self.client(node).get(f"CodeSystem/$lookup?system={SYSTEM}&code={code}")
        return next(one["valueString"] for one in body["parameter"] if one["name"] == "display") if status == 200 else status

    def order(self, node: int, version: str, words: str) -> str:
        status, body, headers = self.client(node).call(
            "POST", f"CodeSystem/$upload-external-code-system?system={SYSTEM}&version={version}&format=csv", concepts(CONCEPTS, words),
            {"Content-Type": "text/csv"})
        self.assertEqual(status, 202, body)
        return headers["content-location"].split("/fhir/", 1)[1]

    def await_end(self, node: int, job: str, meanwhile=lambda: None):
        deadline = time.monotonic() + 90
        while True:
            status, body, _ = self.client(node).get(job)
            if status != 202:
                self.assertEqual(status, 200, body)
                return
            self.assertLess(time.monotonic(), deadline, "the load does not come to its end")
            meanwhile()
            time.sleep(0.05)

    def test_1_loaded_by_one_is_known_to_all_and_so_is_its_successor(self):
        last = f"C{CONCEPTS - 1:05}"
        self.assertEqual([self.display(node, last) for node in (0, 1)], [404, 404])
        for version, words in (("1", "First"), ("2", "Second")):
            self.await_end(0, self.order(0, version, words))
            # Asked of the other one first, which has answers of before in its memory.
            self.assertEqual([self.display(node, last) for node in (1, 0)], [f"{words} {CONCEPTS - 1}"] * 2)
            status, body, _ = self.client(1).get(f"CodeSystem/$subsumes?system={SYSTEM}&codeA=C00001&codeB=C{12345:05}")
            self.assertEqual((status, body["parameter"][0]["valueCode"]), (200, "subsumes"))

    def test_2_node_killed_in_a_load_is_followed_and_no_half_is_ever_seen(self):
        before, interrupted = "Second", 0
        unfinished = "SELECT count(*) FROM concept_page p WHERE NOT EXISTS (SELECT 1 FROM concept_load l WHERE l.load = p.load)"
        for round_number in range(KILLS):
            words = f"Round{round_number}"
            left_over = int(execute(self.database.conninfo, unfinished))
            job = self.order(0, f"r{round_number}", words)
            # Killed once it has stored some of the concepts, and not all.
            e2e.wait_until(lambda: int(execute(self.database.conninfo, unfinished)) > left_over or self.client(1).get(job)[0] != 202, 30, 0)
            self.nodes[0].kill()
            interrupted += self.client(1).get(job)[0] == 202

            def whole(words=words, before=before):
                seen = {self.display(1, code) for code in ("C00000", f"C{CONCEPTS - 1:05}")}
                self.assertTrue(seen <= {f"{word} {number}" for word in (before, words) for number in (0, CONCEPTS - 1)}, seen)

            self.await_end(1, job, whole)
            self.nodes[0].start()
            for node in (0, 1):
                self.assertEqual({self.display(node, f"C{number:05}") for number in range(0, CONCEPTS, CONCEPTS // 20)},
                                 {f"{words} {number}" for number in range(0, CONCEPTS, CONCEPTS // 20)})
            self.assertEqual(len(self.client(1).search(f"CodeSystem?url={SYSTEM}&version=r{round_number}")), 1)
            before = words
        self.assertGreater(interrupted, 0, "no load was broken off")


if __name__ == "__main__":
    e2e.main()
