# Runs one cluster while its standard input is open, and executes the commands that it reads there.
# Arguments: the folder of PostgreSQL's programs, and an empty folder for the cluster.
set -eu
programs=$1
folder=$2

# Created once for each version and account, then copied, because initdb takes seconds.
version=$("$programs/postgres" --version | tr -cd '0-9.')
template="${TMPDIR:-/tmp}/burkindi-postgres-$version-$(id -u)"
exec 9>"$template.lock"
flock 9
if [ ! -f "$template/made" ]; then
    rm -rf "$template"
    mkdir -m 700 "$template"
    "$programs/initdb" --no-sync --username=burkindi --auth=trust --no-locale --encoding=UTF8 \
        --wal-segsize=4 --pgdata="$template/data" >/dev/null
    touch "$template/made"
fi
cp -r "$template/data" "$folder/data"
exec 9>&-

start() {
    # Durable as in production, small, and reachable only by a socket in the folder.
    "$programs/postgres" -D "$folder/data" -k "$folder" -c listen_addresses= -c fsync=on -c synchronous_commit=on \
        -c shared_buffers=32MB -c max_connections=200 >>"$folder/log" 2>&1 </dev/null &
    server=$!
    until "$programs/pg_isready" --quiet --host="$folder"; do
        kill -0 "$server"
        sleep 0.02
    done
    echo started
}

stop() {
    kill "-$1" "$server"
    wait "$server" || true
    echo stopped
}

start
while read -r word; do
    case $word in
        start) start ;;
        # Closes sessions, writes all data, and stops.
        stop) stop INT ;;
        # Stops at once, as after a power cut. The next start recovers.
        crash) stop QUIT ;;
    esac
done
kill -QUIT "$server" 2>/dev/null && wait "$server" || true
rm -rf "$folder"
