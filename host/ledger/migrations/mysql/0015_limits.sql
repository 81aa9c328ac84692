-- (the limits' step takes this place)
SELECT 1;
