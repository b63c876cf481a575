#!/bin/sh
# Makes the secrets that compose.yaml names, each in a file of its own; leaves those that are there.
#   deployments/secrets.sh [FOLDER]     without one: `secrets` beside this script
#
# The folder is yours alone. The files in it can be read by whoever enters it, for each container
# reads its own as another user.
set -eu

folder="${1:-$(dirname "$0")/secrets}"
umask 077
mkdir -p "$folder"
chmod 0700 "$folder"

random() {
    od -An -N24 -tx1 /dev/urandom | tr -d ' \n'
}

keep() {
    if [ ! -e "$folder/$1" ]; then
        printf '%s' "$2" > "$folder/$1.new"
        chmod 0444 "$folder/$1.new"
        mv "$folder/$1.new" "$folder/$1"
        echo "made $folder/$1"
    fi
}

digest() {
    sha256sum "$folder/$1" | cut -d ' ' -f 1
}

for name in postgres_password prefect_password redis_password grafana_password \
    operator_token prometheus_token; do
    keep "$name" "$(random)"
done

keep database_url "postgresql://alpha_oracle:$(cat "$folder/postgres_password")@postgres:5432/alpha_oracle"
keep redis_url "redis://:$(cat "$folder/redis_password")@redis:6379/0"
keep api_tokens "[{\"sha256\": \"$(digest operator_token)\", \"role\": \"operator\"}, {\"sha256\": \"$(digest prometheus_token)\", \"role\": \"viewer\"}]"

# Who replaces a token means that the one before shall open nothing any more.
for name in operator_token prometheus_token; do
    if ! grep -q "$(digest "$name")" "$folder/api_tokens"; then
        echo "$folder/api_tokens does not let $name in, but the token before it: remove api_tokens," \
            "run this again, and make the containers anew" >&2
        exit 1
    fi
done
