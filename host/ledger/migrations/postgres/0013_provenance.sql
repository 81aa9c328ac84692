-- What an attempt was built for, what held while it ran and what it did outside: JSON, as little of it as says all. Null before
-- the end of an attempt, and of one that never began.
ALTER TABLE run     ADD COLUMN provenance text;
ALTER TABLE attempt ADD COLUMN provenance text;
