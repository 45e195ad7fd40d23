#!/bin/sh
# Makes what a first start needs and a later one finds: a password for everyone who has one, and folders that their users own.
#
# It is safe to run again at any time: a password that is there stays. It prints no secret. Each reader has a folder (a volume) of
# its own with what it needs and no more; the folder `all` has every password, and nobody but this script mounts it.
#
# Environment: SECRETS and DATA, the folders; PUBLISHERS, names separated by spaces; NATS_SERVERS, the servers of the cluster;
# NATS_ID, DATELINE_ID and POSTGRES_ID, the numbers of the users that read.
set -eu
umask 077

# A file appears whole or not at all: a container that reads it never sees half a password.
put() { # FILE OWNER, content on standard input
  cat >"$1.new"
  chmod 0400 "$1.new"
  chown "$2:$2" "$1.new"
  mv "$1.new" "$1"
}

# Twice 128 bits from the system, in hexadecimal: nothing that a configuration file or an address would have to escape.
make_password() { # NAME
  [ -s "$SECRETS/all/$1" ] && return
  od -An -N32 -tx1 /dev/urandom | tr -d ' \n' | put "$SECRETS/all/$1" "$(id -u)"
}
give() { # NAME FILE OWNER
  put "$2" "$3" <"$SECRETS/all/$1"
}
folder() { # FOLDER OWNER
  mkdir -p "$1"
  chmod 0700 "$1"
  chown "$2:$2" "$1"
}

folder "$SECRETS/all" "$(id -u)"
folder "$SECRETS/nats" "$NATS_ID"
folder "$SECRETS/postgres" "$POSTGRES_ID"
for reader in intake follower notary operator; do folder "$SECRETS/$reader" "$DATELINE_ID"; done
for kept in "$DATA"/nats*; do
  if [ -d "$kept" ]; then folder "$kept" "$NATS_ID"; fi
done
# The key of the log, which the notary makes at its first start.
if [ -d "$DATA/log" ]; then folder "$DATA/log" "$DATELINE_ID"; fi

# NATS: each user's line is a file, which nats-accounts.conf includes where the user is named.
users="intake operator follower notary system"
for publisher in $PUBLISHERS; do
  case "$publisher" in *[!a-z0-9-]*) echo "PUBLISHERS: $publisher is not made of a-z, 0-9 and - alone" >&2; exit 1 ;; esac
  if [ "${#publisher}" -gt 64 ]; then echo "PUBLISHERS: $publisher has more than 64 characters" >&2; exit 1; fi
  users="$users publisher-$publisher"
done
for user in $users; do
  make_password "nats-$user"
  printf 'password: "%s"\n' "$(cat "$SECRETS/all/nats-$user")" | put "$SECRETS/nats/$user.conf" "$NATS_ID"
done
for reader in intake follower notary operator; do give "nats-$reader" "$SECRETS/$reader/nats" "$DATELINE_ID"; done

# The routes of the cluster: a server that comes, and the servers to be reached.
make_password nats-route
route="$(cat "$SECRETS/all/nats-route")"
{
  printf 'authorization { user: route, password: "%s" }\nroutes: [\n' "$route"
  for server in $NATS_SERVERS; do printf '  "nats-route://route:%s@%s:6222"\n' "$route" "$server"; done
  printf ']\n'
} | put "$SECRETS/nats/routes.conf" "$NATS_ID"

# PostgreSQL: the superuser's never leaves its folder.
make_password postgres-superuser
make_password postgres-dateline
give postgres-superuser "$SECRETS/postgres/superuser" "$POSTGRES_ID"
give postgres-dateline "$SECRETS/postgres/dateline" "$POSTGRES_ID"
for reader in follower operator; do give postgres-dateline "$SECRETS/$reader/postgres" "$DATELINE_ID"; done

echo "secrets are in place"
