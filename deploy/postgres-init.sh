#!/bin/sh
# Runs once, when PostgreSQL makes its data folder: the user of Dateline and a database for each house, `dateline` for the single
# servers and `cluster` for the cluster, since views belong to one ledger. The user is no superuser; it owns its databases and can
# therefore make the schemas, and the trusted extensions, that it needs.
set -eu
psql --no-psqlrc --quiet --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\set password `cat "$DATELINE_PASSWORD_FILE"`
CREATE ROLE dateline LOGIN PASSWORD :'password';
CREATE DATABASE dateline OWNER dateline;
CREATE DATABASE cluster OWNER dateline;
REVOKE ALL ON DATABASE dateline, cluster FROM PUBLIC;
SQL
