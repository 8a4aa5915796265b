-- Resources whose current version says that they are deleted: few, and what an erasure looks for.

CREATE INDEX resource_version_deleted ON resource_version (type, id) WHERE closed_tx IS NULL AND deleted;
