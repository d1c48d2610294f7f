-- Makes a worker known to the coordinator.
--
-- psql -v coordinator=HOST -v worker=HOST -f migrations/citus/1_nodes.sql
select citus_set_coordinator_host(:'coordinator', 5432);
select citus_add_node(:'worker', 5432);
