#!/bin/bash
# A role and a database for each service, at the first start of the PostgreSQL container.
set -euo pipefail

for service in identity accounts catalog customers orders; do
  variable="${service^^}_DB_PASSWORD"
  psql --set ON_ERROR_STOP=1 --set name="$service" --set password="${!variable}" \
    --username "$POSTGRES_USER" --dbname postgres <<'SQL'
CREATE ROLE :"name" LOGIN PASSWORD :'password';
CREATE DATABASE :"name" OWNER :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
SQL
done
