-- Part of the order: what the run may do less than its plugin, and what its clock shows. JSON; no value if nothing is said.
-- Steps of computing, where the plugin's limits count them.
ALTER TABLE run
    ADD COLUMN terms LONGTEXT,
    ADD COLUMN fuel  BIGINT;
ALTER TABLE attempt ADD COLUMN fuel BIGINT;
