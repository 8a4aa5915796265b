-- Composites among the search parameters beside those of the standard. schema/search_parameters.md explains the column.

ALTER TABLE search_parameter ADD COLUMN components text[] NOT NULL DEFAULT '{}';
