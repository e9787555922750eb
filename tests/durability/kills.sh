#!/usr/bin/env bash
# tests/durability/kills.sh sqlite|postgres [KILLS] [SEED]: SIGKILL at random moments of one real run, first the coordinator KILLS times, then
# agents KILLS times; each is started again with the same arguments. The run must end with the digest of `dcc simulate`.
# Needs the Release build; for postgres also initdb and pg_ctl, run as the user postgres where this is root.
set -euo pipefail
cd "$(dirname "$0")/../.."
store=${1:?sqlite or postgres} kills=${2:-30} RANDOM=${3:-1}
build=src/Dcc.Cli/bin/Release/net10.0
folder=$(mktemp -d)
chmod 755 "$folder"
run=(--devices 4 --rounds 1000 --steps 60000 --seed 7)
coordinator='' agents=('' '') database=''

as_postgres() { if [ "$(id -u)" = 0 ]; then su postgres -s /bin/sh -c "$*"; else sh -c "$*"; fi; }
finish() {
  kill -9 $coordinator ${agents[@]} 2>/dev/null || true
  [ -z "$database" ] || as_postgres "pg_ctl -D $database -m immediate stop" >/dev/null 2>&1 || true
  rm -rf "$folder"
}
trap finish EXIT
export PATH="$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -1)"

free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }
port=$(free_port)
if [ "$store" = postgres ]; then
  database=$folder/database
  mkdir "$database"
  [ "$(id -u)" != 0 ] || chown postgres "$database"
  as_postgres "initdb -D $database --auth=trust --no-instructions" >/dev/null
  as_postgres "pg_ctl -D $database -w -o '-p $(free_port) -k $database -h \"\"' -l $database/log start" >/dev/null
  location="Host=$database;Port=$(sed -n 4p "$database/postmaster.pid");Username=postgres;Database=postgres"
else
  location=$folder/journal.db
fi

start_coordinator() {
  $build/services/Dcc.Coordinator/Dcc.Coordinator --listen "http://127.0.0.1:$port" --http none --store "$location" --run kills "${run[@]}" \
    >>"$folder/coordinator.log" 2>&1 &
  coordinator=$!
}
start_agent() {
  $build/services/Dcc.Agent/Dcc.Agent --coordinator "http://127.0.0.1:$port" --run kills --devices "$((2 * $1))-$((2 * $1 + 1))" \
    >>"$folder/agent-$1.log" 2>&1 &
  agents[$1]=$!
}
pause() { sleep "0.$((RANDOM % 8))$((RANDOM % 10))"; }
over() { grep -q 'finished with digest' "$folder/coordinator.log"; }

$build/dcc simulate "${run[@]}" --no-report --quiet --output "$folder/calm"
expected=$(grep -o '"digest": *"[^"]*"' "$folder/calm/summary.json" | cut -d'"' -f4)
start_coordinator
start_agent 0
start_agent 1
coordinators=0 others=0
while [ "$coordinators" -lt "$kills" ] || [ "$others" -lt "$kills" ]; do
  sleep 0.5
  pause
  over && break
  if [ "$coordinators" -lt "$kills" ]; then
    kill -9 "$coordinator"
    wait "$coordinator" 2>/dev/null || true
    coordinators=$((coordinators + 1))
    start_coordinator
  else
    victim=$((RANDOM % 2))
    kill -9 "${agents[$victim]}" 2>/dev/null || true
    wait "${agents[$victim]}" 2>/dev/null || true
    others=$((others + 1))
    start_agent "$victim"
  fi
done

for _ in $(seq 600); do over && break; sleep 0.2; done
digest=$(grep -o 'finished with digest [0-9a-f]*' "$folder/coordinator.log" | tail -1 | cut -d' ' -f4)
echo "$store: $coordinators coordinators and $others agents killed, $(grep -c 'committed' "$folder/coordinator.log") commits logged, digest ${digest:-none}, expected $expected"
[ "$digest" = "$expected" ] && [ "$coordinators" = "$kills" ] && [ "$others" = "$kills" ]
