-- Indexes that a page of a search is read along: with what is asked for by equality first, and then the id, so that the
-- rows of one value come in the order of pages. schema/resources.md explains.
--
-- They hold all rows, with closed_tx last. Of an index with a condition the server takes the values to be independent,
-- whatever statistics there are on them together, and expects a list of 26,000 entries to cost as much as 60.

DROP INDEX idx_token_value;
DROP INDEX idx_token_value_closed;
CREATE INDEX idx_token_value ON idx_token (parameter, type, code, id, system, closed_tx);
DROP INDEX idx_reference_value;
CREATE INDEX idx_reference_value ON idx_reference (target, parameter, type, id, target_type, closed_tx);
DROP INDEX idx_uri_value;
DROP INDEX idx_uri_value_closed;
CREATE INDEX idx_uri_value ON idx_uri (parameter, type, uri, id, closed_tx);

-- What pages are sorted by, first page or later.
DROP INDEX idx_string_value;
DROP INDEX idx_string_value_closed;
CREATE INDEX idx_string_value ON idx_string (parameter, type, folded, id, closed_tx);
DROP INDEX idx_date_value;
DROP INDEX idx_date_value_closed;
CREATE INDEX idx_date_value ON idx_date (parameter, type, low, high, id, closed_tx);
-- A walk asks each resource for its dates, and a sort for the key: without a look at the table, as of any moment.
DROP INDEX idx_date_resource;
CREATE INDEX idx_date_resource ON idx_date (id, type, parameter, closed_tx) INCLUDE (low, high, made_tx);

-- How many resources of a type refer to one target: a patient's observations are many, its allergies few.
CREATE STATISTICS idx_reference_skew (mcv, dependencies) ON parameter, type, target FROM idx_reference;
