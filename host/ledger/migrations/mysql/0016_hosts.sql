-- (the hosts' step takes this place)
SELECT 1;
