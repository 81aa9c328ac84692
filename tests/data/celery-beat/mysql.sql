CREATE TABLE `django_celery_beat_clockedschedule` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `clocked_time` datetime(6) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=3 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `django_celery_beat_clockedschedule` VALUES (1,'2030-12-31 16:00:00.000000');
INSERT INTO `django_celery_beat_clockedschedule` VALUES (2,'2026-01-01 00:00:00.000000');
CREATE TABLE `django_celery_beat_crontabschedule` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `minute` varchar(240) NOT NULL,
  `hour` varchar(96) NOT NULL,
  `day_of_week` varchar(64) NOT NULL,
  `day_of_month` varchar(124) NOT NULL,
  `month_of_year` varchar(64) NOT NULL,
  `timezone` varchar(63) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=20 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `django_celery_beat_crontabschedule` VALUES (1,'30','9','1-5','*','*','Europe/Berlin');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (2,'0','3','0','*','*','Asia/Shanghai');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (3,'15','6','mon,wed-fri','*','*','America/New_York');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (4,'0','12','*','1','*/3','UTC');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (5,'0','8','1','1-7','*','Europe/Berlin');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (6,'0','7','*/3','*','*','Europe/Berlin');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (7,'0','1','*','1-31/2','*','UTC');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (8,'0','5','fri-mon','*','*','Europe/Berlin');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (9,'20','22-4','*','*','*','Europe/Berlin');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (10,'*/90','10','*','*','*','UTC');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (11,'0','6','Monday,Saturday','*','*','Europe/Berlin');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (12,'0','0','*','29','2','UTC');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (13,'*/15','*','*','*','*','Europe/Berlin');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (14,'30','1','*','*','*','America/New_York');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (15,'30','2','*','*','*','Europe/Berlin');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (16,'*/10','*','*','*','*','Australia/Lord_Howe');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (17,'0-59/20','8,12,16-18','1,2,4','*','jan-jun','Asia/Shanghai');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (18,'0','9','*','*','*','Asia/Shanghai');
INSERT INTO `django_celery_beat_crontabschedule` VALUES (19,'0','4','*','*','*','Asia/Shanghai');
CREATE TABLE `django_celery_beat_intervalschedule` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `every` int(11) NOT NULL,
  `period` varchar(24) NOT NULL,
  PRIMARY KEY (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=6 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `django_celery_beat_intervalschedule` VALUES (1,2,'days');
INSERT INTO `django_celery_beat_intervalschedule` VALUES (2,7,'hours');
INSERT INTO `django_celery_beat_intervalschedule` VALUES (3,10,'minutes');
INSERT INTO `django_celery_beat_intervalschedule` VALUES (4,30,'seconds');
INSERT INTO `django_celery_beat_intervalschedule` VALUES (5,500000,'microseconds');
CREATE TABLE `django_celery_beat_periodictasks` (
  `ident` smallint(6) NOT NULL,
  `last_update` datetime(6) NOT NULL,
  PRIMARY KEY (`ident`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `django_celery_beat_periodictasks` VALUES (1,'2026-11-21 13:34:37.904169');
CREATE TABLE `django_celery_beat_solarschedule` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `event` varchar(24) NOT NULL,
  `latitude` decimal(9,6) NOT NULL,
  `longitude` decimal(9,6) NOT NULL,
  PRIMARY KEY (`id`),
  UNIQUE KEY `django_celery_beat_solar_event_latitude_longitude_ba64999a_uniq` (`event`,`latitude`,`longitude`)
) ENGINE=InnoDB AUTO_INCREMENT=11 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `django_celery_beat_solarschedule` VALUES (1,'dawn_astronomical',31.230000,121.470000);
INSERT INTO `django_celery_beat_solarschedule` VALUES (2,'dawn_civil',31.230000,121.470000);
INSERT INTO `django_celery_beat_solarschedule` VALUES (3,'dawn_nautical',31.230000,121.470000);
INSERT INTO `django_celery_beat_solarschedule` VALUES (4,'dusk_astronomical',31.230000,121.470000);
INSERT INTO `django_celery_beat_solarschedule` VALUES (5,'dusk_civil',31.230000,121.470000);
INSERT INTO `django_celery_beat_solarschedule` VALUES (6,'dusk_nautical',31.230000,121.470000);
INSERT INTO `django_celery_beat_solarschedule` VALUES (7,'solar_noon',31.230000,121.470000);
INSERT INTO `django_celery_beat_solarschedule` VALUES (8,'sunrise',31.230000,121.470000);
INSERT INTO `django_celery_beat_solarschedule` VALUES (10,'sunrise',69.650000,18.960000);
INSERT INTO `django_celery_beat_solarschedule` VALUES (9,'sunset',31.230000,121.470000);
CREATE TABLE `django_celery_beat_periodictask` (
  `id` int(11) NOT NULL AUTO_INCREMENT,
  `name` varchar(200) NOT NULL,
  `task` varchar(200) NOT NULL,
  `args` longtext NOT NULL,
  `kwargs` longtext NOT NULL,
  `queue` varchar(200) DEFAULT NULL,
  `exchange` varchar(200) DEFAULT NULL,
  `routing_key` varchar(200) DEFAULT NULL,
  `expires` datetime(6) DEFAULT NULL,
  `enabled` tinyint(1) NOT NULL,
  `last_run_at` datetime(6) DEFAULT NULL,
  `total_run_count` int(10) unsigned NOT NULL CHECK (`total_run_count` >= 0),
  `date_changed` datetime(6) NOT NULL,
  `description` longtext NOT NULL,
  `crontab_id` int(11) DEFAULT NULL,
  `interval_id` int(11) DEFAULT NULL,
  `solar_id` int(11) DEFAULT NULL,
  `one_off` tinyint(1) NOT NULL,
  `start_time` datetime(6) DEFAULT NULL,
  `priority` int(10) unsigned DEFAULT NULL CHECK (`priority` >= 0),
  `headers` longtext NOT NULL,
  `clocked_id` int(11) DEFAULT NULL,
  `expire_seconds` int(10) unsigned DEFAULT NULL CHECK (`expire_seconds` >= 0),
  PRIMARY KEY (`id`),
  UNIQUE KEY `name` (`name`),
  KEY `django_celery_beat_p_crontab_id_d3cba168_fk_django_ce` (`crontab_id`),
  KEY `django_celery_beat_p_interval_id_a8ca27da_fk_django_ce` (`interval_id`),
  KEY `django_celery_beat_p_solar_id_a87ce72c_fk_django_ce` (`solar_id`),
  KEY `django_celery_beat_p_clocked_id_47a69f82_fk_django_ce` (`clocked_id`),
  CONSTRAINT `django_celery_beat_p_clocked_id_47a69f82_fk_django_ce` FOREIGN KEY (`clocked_id`) REFERENCES `django_celery_beat_clockedschedule` (`id`),
  CONSTRAINT `django_celery_beat_p_crontab_id_d3cba168_fk_django_ce` FOREIGN KEY (`crontab_id`) REFERENCES `django_celery_beat_crontabschedule` (`id`),
  CONSTRAINT `django_celery_beat_p_interval_id_a8ca27da_fk_django_ce` FOREIGN KEY (`interval_id`) REFERENCES `django_celery_beat_intervalschedule` (`id`),
  CONSTRAINT `django_celery_beat_p_solar_id_a87ce72c_fk_django_ce` FOREIGN KEY (`solar_id`) REFERENCES `django_celery_beat_solarschedule` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=42 DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
INSERT INTO `django_celery_beat_periodictask` VALUES (1,'report','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',1,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (2,'Sunday is 0','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',2,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (3,'names','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',3,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (4,'months','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',4,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (5,'both day fields','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',5,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (6,'every third weekday number','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',6,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (7,'odd days','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',7,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (8,'over the weekend','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',8,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (9,'night shift','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',9,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (10,'steps beyond','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',10,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (11,'whole names','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',11,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (12,'leap day','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',12,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (13,'quarter hours','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',13,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (14,'half past one','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',14,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (15,'half past two','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',15,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (16,'half an hour\'s change','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',16,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (17,'all of it','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',17,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (18,'bounded','shop.tasks.work','[]','{}',NULL,NULL,NULL,'2031-03-20 01:00:00.000000',1,NULL,0,'2026-11-21 12:00:05.000000','Only in March 2031',18,NULL,NULL,0,'2031-03-01 01:00:00.000000',NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (19,'once at nine','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,'2026-11-20 01:00:00.000000',0,'2026-11-21 12:00:05.000000','',18,NULL,NULL,1,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (20,'switched off','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,0,NULL,0,'2026-11-21 12:00:05.000000','',18,NULL,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (21,'routed','shop.tasks.work','[1, \"two\", 3.5]','{\"deep\": {\"list\": [true]}, \"nothing\": null}','reports','direct','reports.daily',NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',18,NULL,NULL,0,NULL,7,'{\"tenant\": \"north\"}',NULL,300);
INSERT INTO `django_celery_beat_periodictask` VALUES (22,'celery.backend_cleanup','celery.backend_cleanup','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',19,NULL,NULL,0,NULL,NULL,'{}',NULL,43200);
INSERT INTO `django_celery_beat_periodictask` VALUES (23,'every 2 days','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,'2026-11-20 06:30:12.345000',14,'2026-11-21 12:00:05.000000','',NULL,1,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (24,'every 7 hours','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,'2026-11-20 06:30:12.345000',14,'2026-11-21 12:00:05.000000','',NULL,2,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (25,'every 10 minutes','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,'2026-11-20 06:30:12.345000',14,'2026-11-21 12:00:05.000000','',NULL,3,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (26,'every 30 seconds','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,'2026-11-20 06:30:12.345000',14,'2026-11-21 12:00:05.000000','',NULL,4,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (27,'every 500000 microseconds','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,'2026-11-20 06:30:12.345000',14,'2026-11-21 12:00:05.000000','',NULL,5,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (28,'from then on','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',NULL,3,NULL,0,'2031-01-01 00:00:00.000000',NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (29,'since it was changed','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',NULL,3,NULL,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (30,'new year','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',NULL,NULL,NULL,1,NULL,NULL,'{}',1,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (31,'has fired','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,0,NULL,0,'2026-11-21 12:00:05.000000','',NULL,NULL,NULL,1,NULL,NULL,'{}',2,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (32,'solar dawn_astronomical','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',NULL,NULL,1,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (33,'solar dawn_civil','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',NULL,NULL,2,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (34,'solar dawn_nautical','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',NULL,NULL,3,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (35,'solar dusk_astronomical','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',NULL,NULL,4,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (36,'solar dusk_civil','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',NULL,NULL,5,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (37,'solar dusk_nautical','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',NULL,NULL,6,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (38,'solar solar_noon','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',NULL,NULL,7,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (39,'solar sunrise','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',NULL,NULL,8,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (40,'solar sunset','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',NULL,NULL,9,0,NULL,NULL,'{}',NULL,NULL);
INSERT INTO `django_celery_beat_periodictask` VALUES (41,'polar night','shop.tasks.work','[]','{}',NULL,NULL,NULL,NULL,1,NULL,0,'2026-11-21 12:00:05.000000','',NULL,NULL,10,0,NULL,NULL,'{}',NULL,NULL);
