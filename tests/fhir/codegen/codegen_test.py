#!/usr/bin/env python3
"""Tests of fhir/codegen: a toy package whose whole output is committed, the refusals, and the summary of R4.

With --update-golden the toy's output is written instead of compared; read the difference before committing it.
"""

import json
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path.insert(0, str(ROOT / "fhir" / "codegen"))

import generate  # noqa: E402
from load import GenerationError, load  # noqa: E402
from check import check  # noqa: E402
from lower import lower  # noqa: E402
from resources import emit_resources, lower_resources  # noqa: E402
from search_expressions import expression_for, split_union  # noqa: E402

TOY = HERE / "toy"
GOLDEN = {"toy_tables.cpp": TOY / "golden" / "toy_tables.cpp", "toy.summary.txt": TOY / "golden" / "toy.summary.txt"}


def generate_toy(out: pathlib.Path) -> int:
    return generate.main([
        "--package", str(TOY / "package"), "--corrections", str(TOY / "corrections"), "--additions", str(TOY / "none"),
        "--ids", str(TOY / "ids.txt"), "--prefix", "Toy",
        "--out", str(out / "toy_tables.cpp"), "--summary", str(out / "toy.summary.txt")])


class ToyPackage(unittest.TestCase):
    """Each test changes a copy of the toy package."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.toy = pathlib.Path(folder.name) / "toy"
        shutil.copytree(TOY, self.toy)

    def change(self, name: str, edit) -> None:
        path = self.toy / "package" / name
        data = json.loads(path.read_text(encoding="utf-8"))
        edit(data)
        path.write_text(json.dumps(data), encoding="utf-8")

    def tables(self, corrections: str = "corrections"):
        source = load(self.toy / "package", self.toy / corrections, None, self.toy / "ids.txt")
        check(source)
        return lower(source)

    def refused(self, text: str) -> None:
        with self.assertRaises(GenerationError) as caught:
            self.tables()
        self.assertIn(text, str(caught.exception))

    def pet_element(self, path: str) -> callable:
        return lambda data: next(e for e in data["snapshot"]["element"] if e["path"] == path)

    def test_golden_output_is_unchanged(self):
        out = self.toy / "out"
        self.assertEqual(generate_toy(out), 0)
        for name, golden in GOLDEN.items():
            self.assertEqual((out / name).read_text(encoding="utf-8"), golden.read_text(encoding="utf-8"), name)

    def test_correction_reaches_the_rows(self):
        def colour_minimum(corrections):
            pet = next(t for t in self.tables(corrections).types if t.name == "Pet")
            return next(e.minimum for e in pet.elements if e.name == "colour")

        self.assertEqual(colour_minimum("corrections"), 0)
        self.assertEqual(colour_minimum("no-corrections"), 1)

    def test_correction_that_no_longer_applies_is_refused(self):
        self.change("StructureDefinition-Pet.json", lambda d: self.pet_element("Pet.colour")(d).update(min=2))
        self.refused("StructureDefinition-Pet.json: toy.json[0]: snapshot/element/path=Pet.colour/min is not what")

    def test_correction_of_a_missing_resource_is_refused(self):
        (self.toy / "package" / "StructureDefinition-Pet.json").unlink()
        self.refused("corrections name resources that do not exist: StructureDefinition/Pet")

    def test_correction_without_a_reason_is_refused(self):
        path = self.toy / "corrections" / "toy.json"
        entries = json.loads(path.read_text(encoding="utf-8"))
        del entries[0]["why"]
        path.write_text(json.dumps(entries), encoding="utf-8")
        self.refused("missing or unknown field: why")

    def test_correction_can_remove_a_resource(self):
        (self.toy / "corrections" / "more.json").write_text(json.dumps([{
            "resource": "SearchParameter/Pet-colour", "path": "$", "was": "http://toy.example/SearchParameter/Pet-colour",
            "now": None, "why": "test", "tracker": "none"}]), encoding="utf-8")
        self.assertEqual(self.tables().search_parameters, [])

    def test_unknown_type_is_refused(self):
        self.change("StructureDefinition-Pet.json", lambda d: self.pet_element("Pet.toy")(d).update(type=[{"code": "Gone"}]))
        self.refused("Pet.toy: type code Gone is no known type")

    def test_dangling_content_reference_is_refused(self):
        self.change("StructureDefinition-Pet.json",
                    lambda d: self.pet_element("Pet.toy.part")(d).update(contentReference="#Pet.gone"))
        self.refused("Pet.toy.part: contentReference #Pet.gone points nowhere")

    def test_unknown_element_field_is_refused(self):
        self.change("StructureDefinition-Pet.json", lambda d: self.pet_element("Pet.toy")(d).update(novelty=1))
        self.refused("Pet.toy: unknown field novelty")

    def test_duplicate_path_is_refused(self):
        self.change("StructureDefinition-Pet.json",
                    lambda d: d["snapshot"]["element"].append(dict(self.pet_element("Pet.toy")(d))))
        self.refused("a path occurs twice")

    def test_search_parameter_without_stable_id_names_the_command(self):
        (self.toy / "ids.txt").write_text("", encoding="utf-8")
        self.refused("--assign-ids")

    def test_search_expression_without_a_part_for_its_base_is_refused(self):
        self.change("SearchParameter-Pet-colour.json", lambda d: d.update(expression="Pet.colour"))
        self.refused("no part of the union starts with Element")

    def test_two_search_parameters_of_one_name_are_refused(self):
        first = self.toy / "package" / "SearchParameter-Pet-colour.json"
        shutil.copy(first, first.with_name("SearchParameter-Pet-other.json"))
        self.change("SearchParameter-Pet-other.json", lambda d: d.update(id="Pet-other", url="http://toy.example/other"))
        with (self.toy / "ids.txt").open("a", encoding="utf-8") as ids:
            ids.write("8 http://toy.example/other\n")
        self.refused("Pet has two search parameters called colour")

    def test_search_parameter_on_unknown_type_is_refused(self):
        self.change("SearchParameter-Pet-colour.json", lambda d: d.update(base=["Gone"]))
        self.refused("base: Gone is no known type")

    def test_missing_package_names_the_set_up(self):
        with self.assertRaises(GenerationError) as caught:
            load(self.toy / "gone", None, None, self.toy / "ids.txt")
        self.assertIn("./dev setup", str(caught.exception))

    def test_assigned_ids_follow_the_highest_and_move_none(self):
        self.change("SearchParameter-Pet-colour.json", lambda d: d.update(url="http://toy.example/SearchParameter/other"))
        ids = self.toy / "ids.txt"
        before = ids.read_text(encoding="utf-8")
        arguments = ["--package", str(self.toy / "package"), "--corrections", str(self.toy / "corrections"),
                     "--additions", str(self.toy / "none"), "--ids", str(ids), "--assign-ids"]
        self.assertEqual(generate.main(arguments), 0)
        self.assertEqual(ids.read_text(encoding="utf-8"), before + "8 http://toy.example/SearchParameter/other\n")

    def resources(self):
        return lower_resources(load(self.toy / "package", self.toy / "corrections", None, self.toy / "ids.txt"))

    def test_packed_resources_are_sorted_whole_and_the_same_every_time(self):
        rows = self.resources()
        self.assertEqual([r.type for r in rows], ["CodeSystem"] + ["StructureDefinition"] * 4 + ["ValueSet"])
        packed = emit_resources(rows)
        self.assertEqual(packed, emit_resources(self.resources()))
        count, groups, text_bytes = struct.unpack_from("<3I", packed, 4)
        self.assertEqual((count, groups), (len(rows), 1))
        offset, packed_bytes, plain_bytes = struct.unpack_from("<3I", packed, 16 + 36 * count)
        plain = zlib.decompress(packed[offset:offset + packed_bytes], 31)
        self.assertEqual(plain, b"".join(r.json for r in rows))
        self.assertEqual(len(plain), plain_bytes)
        text = packed[16 + 36 * count + 12 * groups:][:text_bytes]
        for number, row in enumerate(rows):
            place = struct.unpack_from("<9I", packed, 16 + 36 * number)
            self.assertEqual(text[place[2]:place[2] + place[3]].decode(), row.url)
            self.assertEqual(plain[place[7]:place[7] + place[8]], row.json)

    def test_packed_resources_leave_out_what_only_people_read(self):
        self.change("ValueSet-colour.json", lambda d: d.update(text={"status": "generated"}, publisher="Toys"))
        value_set = json.loads(self.resources()[-1].json)
        self.assertNotIn("text", value_set)
        self.assertNotIn("publisher", value_set)

    def test_resource_without_canonical_is_refused(self):
        self.change("ValueSet-colour.json", lambda d: d.update(url=""))
        with self.assertRaises(GenerationError) as caught:
            self.resources()
        self.assertIn("ValueSet-colour.json: url: a conformance resource needs a canonical", str(caught.exception))

    def test_one_canonical_twice_is_refused(self):
        first = self.toy / "package" / "StructureDefinition-id.json"
        shutil.copy(first, first.with_name("StructureDefinition-other.json"))
        with self.assertRaises(GenerationError) as caught:
            self.resources()
        self.assertIn("defined twice", str(caught.exception))

    def test_open_value_set_gives_no_list(self):
        self.change("CodeSystem-colour.json", lambda d: d.update(content="fragment"))
        self.assertEqual(self.tables().bindings, {})


class Unions(unittest.TestCase):
    def test_only_the_top_level_is_split(self):
        self.assertEqual(split_union("A.b | (A.c | A.d).e | A.f.where(x = 'p|q')"),
                         ["A.b", "(A.c | A.d).e", "A.f.where(x = 'p|q')"])

    def test_unbalanced_is_refused(self):
        for text in ("(A.b | A.c", "A.b |", "A.where(x = 'y)"):
            with self.assertRaises(ValueError):
                split_union(text)

    def test_a_name_that_begins_alike_is_another_type(self):
        self.assertEqual(expression_for("Medication.code | MedicationRequest.x", "Medication", "test"), "Medication.code")

    def test_casts_stay_with_their_base(self):
        self.assertEqual(expression_for("(A.v as Quantity) | B.v | (A.v as Range)", "A", "test"),
                         "(A.v as Quantity) | (A.v as Range)")


class Configuration(unittest.TestCase):
    def test_missing_package_stops_cmake_and_names_the_set_up(self):
        with tempfile.TemporaryDirectory() as folder:
            project = pathlib.Path(folder)
            (project / "CMakeLists.txt").write_text(
                "cmake_minimum_required(VERSION 3.25)\nproject(empty LANGUAGES NONE)\n"
                f'include("{ROOT}/fhir/codegen/generate.cmake")\n'
                "gw_generate_definitions(OUTPUT tables.cpp SUMMARY tables.txt)\n", encoding="utf-8")
            result = subprocess.run(["cmake", "-S", folder, "-B", project / "build"], capture_output=True, text=True,
                                    check=False, timeout=60)
            self.assertNotEqual(result.returncode, 0)
            self.assertIn("./dev setup", result.stderr)


class R4(unittest.TestCase):
    def test_committed_summary_is_what_the_generator_makes(self):
        with tempfile.TemporaryDirectory() as folder:
            made = pathlib.Path(folder) / "r4.summary.txt"
            self.assertEqual(generate.main(["--summary", str(made)]), 0)
            committed = ROOT / "fhir" / "definitions" / "r4.summary.txt"
            self.assertTrue(made.read_bytes() == committed.read_bytes(),
                            "r4.summary.txt is not current: see fhir/codegen/README.md, and read the difference")


if __name__ == "__main__":
    if "--update-golden" in sys.argv:
        sys.exit(generate_toy(TOY / "golden"))
    unittest.main()
