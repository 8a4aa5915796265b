"""The bulk data export over real sockets: the gateway is killed right after the order, and between two files, while the record
changes. The next one goes on, and every resource comes once, as it was."""

import json
import pathlib
import random
import sys
import time
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "support/python"))

import e2e  # noqa: E402

PATIENTS = 120
ROUNDS = 4


class ExportTest(e2e.GatewayCase):
    over = {"access": {"mode": "open"}, "jobs": {"lease_ms": 1000, "poll_ms": 50, "export_file_bytes_max": 4096}}

    def bundle(self, method: str, family: str) -> dict:
        return {"resourceType": "Bundle", "type": "transaction", "entry": [
            {"resource": {"resourceType": "Patient", "id": f"ex-{n}", "name": [{"family": f"{family}{n}"}]},
             "request": {"method": method, "url": f"Patient/ex-{n}"}} for n in range(PATIENTS)]}

    def write(self, family: str):
        status, body, _ = self.client(None).call("POST", "", self.bundle("PUT", family))
        self.assertEqual(status, 200, body)

    def order(self) -> str:
        status, body, headers = self.client(None).call("GET", "$export?_type=Patient", headers={"Prefer": "respond-async"})
        self.assertEqual(status, 202, body)
        return headers["content-location"].split("/fhir/", 1)[1]

    def restart(self):
        self.gateway.kill()
        self.gateway.start()

    def manifest(self, job: str) -> dict:
        deadline = time.monotonic() + 60
        while True:
            status, body, headers = self.client(None).get(job)
            if status != 202:
                self.assertEqual(status, 200, body)
                return body
            self.assertIn("x-progress", headers)
            self.assertLess(time.monotonic(), deadline, "the job does not come to its end")
            time.sleep(0.05)

    def fetch(self, entry: dict) -> list[dict]:
        status, body, headers = self.client(None).get(entry["url"].split("/fhir/", 1)[1])
        self.assertEqual(status, 200, body)
        self.assertEqual(headers["content-type"], "application/fhir+ndjson")
        resources = [json.loads(line) for line in body.splitlines()]
        self.assertEqual(len(resources), entry["count"])
        return resources

    def test_killed_gateway_is_followed_by_one_that_goes_on(self):
        for round_number in range(ROUNDS):
            family = f"Round{round_number}x"
            self.write(family)
            job = self.order()
            time.sleep(random.uniform(0, 0.02))
            self.restart()
            manifest = self.manifest(job)
            self.write("Later")  # not in it: the state was taken before
            files = manifest["output"]
            self.assertGreater(len(files), 2)
            resources = []
            for number, entry in enumerate(files):
                if number == len(files) // 2:
                    self.restart()
                resources += self.fetch(entry)
            names = {resource["id"]: resource["name"][0]["family"] for resource in resources}
            self.assertEqual(len(resources), PATIENTS, "each resource once")
            self.assertEqual(names, {f"ex-{n}": f"{family}{n}" for n in range(PATIENTS)})
            status, _, _ = self.client(None).call("DELETE", job)
            self.assertEqual(status, 202)
            self.assertEqual(self.client(None).get(job)[0], 404)
            self.assertEqual(self.client(None).get(files[0]["url"].split("/fhir/", 1)[1])[0], 404)


if __name__ == "__main__":
    e2e.main()
