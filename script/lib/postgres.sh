# Sourced by the scripts: a private PostgreSQL under $home/postgres, on a unix socket alone.
# shellcheck disable=SC2154,SC2034 # the sourcing script sets home and uses postgres_url
#
# initdb and postgres refuse root, so for root they run as user postgres. Sets postgres_url.

postgres_bin=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1)

# Runs a command as the user who owns the cluster.
as_postgres() {
    if [ "$(id -u)" = 0 ]; then
        (cd / && exec setpriv --reuid postgres --regid postgres --init-groups -- "$@")
    else
        "$@"
    fi
}

# Makes the folder that holds the cluster; elsewhere, with a link, when that user cannot enter this tree.
postgres_folder() {
    [ -e "$home/postgres" ] && return
    mkdir -p "$home"
    if [ "$(id -u)" != 0 ]; then
        mkdir -m 700 "$home/postgres"
        return
    fi
    local folder=$home/postgres
    if ! as_postgres test -x "$home"; then
        mkdir -p /var/lib/dispatch-ledger
        folder=$(mktemp -d /var/lib/dispatch-ledger/postgres.XXXXXX)
        ln -s "$folder" "$home/postgres"
    fi
    mkdir -p "$folder"
    chown postgres:postgres "$folder"
    chmod 700 "$folder"
}

# Where the socket is: beside the data, unless that path is too long for a socket (107 bytes).
postgres_socket_folder() {
    local folder
    folder=$(realpath "$home/postgres")
    if [ ${#folder} -gt 80 ]; then
        folder=$(cat "$home/postgres-socket" 2>/dev/null || true)
        if [ ! -d "$folder" ]; then
            folder=$(mktemp -d /tmp/ledger-pg.XXXXXX)
            [ "$(id -u)" != 0 ] || chown postgres:postgres "$folder"
            echo "$folder" >"$home/postgres-socket"
        fi
    fi
    echo "$folder"
}

# Creates the cluster at the first run, starts it, creates the database; sets postgres_url.
start_postgres() {
    [ -n "$postgres_bin" ] || fail 69 "PostgreSQL is not installed: run script/bootstrap server"
    postgres_folder
    local folder socket
    folder=$(realpath "$home/postgres")
    socket=$(postgres_socket_folder)
    if [ ! -e "$folder/data/PG_VERSION" ]; then
        as_postgres "$postgres_bin/initdb" -D "$folder/data" -U ledger -E UTF8 --locale=C.UTF-8 \
            --auth=trust --no-instructions >"$home/initdb.log" 2>&1 ||
            fail 69 "initdb failed:" "$(tail -5 "$home/initdb.log")"
    fi
    if ! as_postgres "$postgres_bin/pg_ctl" -D "$folder/data" status >/dev/null; then
        # In a session of its own: Ctrl-C reaches this script alone, which then stops things in order.
        as_postgres setsid "$postgres_bin/pg_ctl" -D "$folder/data" -l "$folder/postgres.log" -w -t 60 start \
            -o "-c listen_addresses='' -c unix_socket_directories='$socket' -c unix_socket_permissions=0700" \
            >/dev/null || fail 69 "PostgreSQL did not start:" "$(tail -5 "$folder/postgres.log")"
    fi
    postgres_url="postgresql:///ledger?host=$socket&user=ledger"
    if [ -z "$(psql_private postgres -Atc "select 1 from pg_database where datname = 'ledger'")" ]; then
        psql_private postgres -qc 'create database ledger'
    fi
}

# psql_private DATABASE ARGUMENT…: psql on this cluster.
psql_private() {
    local database=$1
    shift
    psql -X -h "$(postgres_socket_folder)" -U ledger -d "$database" "$@"
}

stop_postgres() {
    as_postgres "$postgres_bin/pg_ctl" -D "$(realpath "$home/postgres")/data" -m fast -w stop >/dev/null || true
}
