-- Indexes of rows by their resource hold the resource alone: the handful of rows that a table has for one lie together, and of equal
-- entries PostgreSQL stores the key once. schema/resources.md explains.

DROP INDEX idx_token_resource;
CREATE INDEX idx_token_resource ON idx_token (id, type);
DROP INDEX idx_reference_resource;
CREATE INDEX idx_reference_resource ON idx_reference (id, type);
DROP INDEX idx_quantity_resource;
CREATE INDEX idx_quantity_resource ON idx_quantity (id, type);
DROP INDEX idx_composite_resource;
CREATE INDEX idx_composite_resource ON idx_composite (id, type);
DROP INDEX idx_uri_resource;
CREATE INDEX idx_uri_resource ON idx_uri (id, type);

-- Whether patients were merged: Patient.link (parameter 975 of type 103). Few rows or none, so that a search through patients can ask
-- whether there is any link at all.
CREATE INDEX idx_reference_patient_link ON idx_reference (id) WHERE type = 103 AND parameter = 975;
