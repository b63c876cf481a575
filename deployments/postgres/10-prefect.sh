#!/bin/sh
# Run once, by the Postgres image, when its data folder is new: Prefect's own database and role.
set -eu

PREFECT_PASSWORD="$(cat "${SECRETS:-/run/secrets}/prefect_password")"
export PREFECT_PASSWORD

psql --no-psqlrc --set=ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
\getenv password PREFECT_PASSWORD
CREATE ROLE prefect LOGIN PASSWORD :'password';
CREATE DATABASE prefect OWNER prefect;
SQL
