-- What an attempt was built for, what held while it ran and what it did outside: JSON, as little of it as says all. Null before
-- the end of an attempt, of one that never began, and of what was recorded before this.
ALTER TABLE run     ADD COLUMN provenance LONGTEXT;
ALTER TABLE attempt ADD COLUMN provenance LONGTEXT;
