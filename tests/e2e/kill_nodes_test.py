"""Kills one of two nodes at random points while eight hospitals send to both, and counts what is left: nothing lost, nothing double,
each patient's messages in order. The checks are those of kill_test.py; here the database goes on, and so does the other node."""

import argparse
import itertools
import pathlib
import random
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import kill_test  # noqa: E402
import e2e  # noqa: E402
from gateway_process import Gateway, Workspace  # noqa: E402
from postgres_server import OutsideDatabase  # noqa: E402

ROUNDS = 12


class Traveller(kill_test.Hospital):
    """Goes to the other node whenever it needs a new connection; moves on its own now and then."""

    def __init__(self, number: int, nodes: list[Gateway], seed: int):
        super().__init__(number, nodes[0], seed)
        self.nodes = itertools.cycle(nodes[number % 2:] + nodes[:number % 2])

    def send_until_answered(self, message: bytes) -> bytes:
        if self.random.random() < 0.1:
            self.leave()
        return super().send_until_answered(message)

    @property
    def gateway(self) -> Gateway:
        return next(self.nodes)

    @gateway.setter
    def gateway(self, _):
        pass


class KillNodesTest(kill_test.KillTest):
    @classmethod
    def setUpClass(cls):
        cls.database = OutsideDatabase()
        cls.addClassCleanup(cls.database.close)
        cls.workspace = Workspace("kill-nodes")
        cls.addClassCleanup(cls.workspace.close)
        cls.tokens = {}
        config = e2e.write_settings(cls.workspace.path / "passerelle.yaml", e2e.settings_of(cls.workspace, cls.tokens, {
            "log": {"level": "warning"}, "database": {"connection": cls.database.conninfo, "pool_size": 12}}))
        cls.nodes = [Gateway(e2e.binary(), config, None, cls.workspace.path / f"node{n}.log") for n in (1, 2)]
        cls.addClassCleanup(cls.end_nodes)
        cls.hospitals = cls.play()
        cls.gateway = cls.nodes[0]

    @classmethod
    def end_nodes(cls):
        for node in cls.nodes:
            if node.process is not None and node.process.poll() is None:
                node.stop()

    @classmethod
    def play(cls) -> list[kill_test.Hospital]:
        seed = kill_test.SEED
        print(f"{ROUNDS} rounds, {kill_test.CONNECTIONS} connections, 2 nodes, seed {seed} (--seed {seed} takes the same times)",
              flush=True)
        dice = random.Random(seed)
        for node in cls.nodes:
            node.start()
        hospitals = [Traveller(number, cls.nodes, dice.randrange(1 << 32)) for number in range(1, kill_test.CONNECTIONS + 1)]
        for hospital in hospitals:
            hospital.start()
        for number in range(1, ROUNDS + 1):
            time.sleep(dice.uniform(0.02, 0.9))
            node = dice.choice(cls.nodes)
            node.kill()
            time.sleep(dice.uniform(0, 0.3))  # the other node is alone for a while
            node.start()
            if number % 10 == 0:
                print(f"  round {number}: {sum(len(hospital.acknowledged) for hospital in hospitals)} messages acknowledged", flush=True)
        time.sleep(0.3)
        for hospital in hospitals:
            hospital.ending.set()
        for hospital in hospitals:
            hospital.join(kill_test.PATIENT_WAIT_S + 10)
        print(f"  {sum(len(h.acknowledged) for h in hospitals)} messages acknowledged, {sum(h.resent for h in hospitals)} "
              f"resent after a kill, {sum(h.repeated for h in hospitals)} repeated after their acknowledgement", flush=True)
        return hospitals

    def test_journal_is_conserved(self):
        checked = e2e.run("messages", "check", "--config", self.workspace.path / "passerelle.yaml")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)


if __name__ == "__main__":
    words = argparse.ArgumentParser(add_help=False)
    words.add_argument("--rounds", type=int, default=ROUNDS)
    words.add_argument("--seed", type=int, default=kill_test.SEED)
    given, rest = words.parse_known_args()
    ROUNDS, kill_test.SEED = given.rounds, given.seed
    sys.argv = [sys.argv[0], *rest]
    e2e.main()
