-- Rows that say what rows of another parameter say: the patient of an observation is its subject, a combo-code its code or a
-- component's. They are no longer written, and searches ask the others (fhir/search/answering_rows.hpp).
--
-- (type, parameter) of what has no rows of its own any more. A gateway of an earlier version does not find by these parameters once
-- this has run.

DELETE FROM idx_reference t
 USING (VALUES
        (1, 4), (5, 59), (5, 61), (5, 62), (6, 74), (6, 76), (6, 77), (8, 100), (14, 1340), (15, 1340), (17, 150),
        (21, 1340), (23, 226), (24, 241), (26, 1340), (28, 1340), (30, 310), (38, 1340), (40, 1340), (41, 1340),
        (42, 1340), (44, 454), (44, 1340), (55, 1340), (56, 1340), (59, 601), (61, 1340), (67, 683), (70, 1340),
        (73, 765), (74, 777), (76, 1340), (77, 1340), (79, 1340), (80, 1340), (96, 1340), (106, 997), (106, 998),
        (106, 999), (110, 1340), (111, 1054), (113, 1084), (115, 1104), (120, 1340), (124, 1340), (126, 1247),
        (140, 1300)) AS v(type, parameter)
 WHERE t.type = v.type AND t.parameter = v.parameter;

DELETE FROM idx_token t
 USING (VALUES
        (96, 907), (96, 910), (96, 911)) AS v(type, parameter)
 WHERE t.type = v.type AND t.parameter = v.parameter;

DELETE FROM idx_quantity t
 USING (VALUES
        (96, 912)) AS v(type, parameter)
 WHERE t.type = v.type AND t.parameter = v.parameter;
