#!/usr/bin/env bash
# tests/footprint/agent.sh AGENT: what a native agent takes, beside a coordinator of the Release build on this machine.
#
#   its size; the median of seven times from exec to its first RPC, which is the coordinator's log line that it joined; the most memory it held (RSS) in the default
#   run as one of ten devices; and the same two inside a cgroup with 20 % of a processor and 64 MB (cgroup v1 or v2, needs root), where the run must end too.
#
# The run's digest, and that of the one in the cgroup, must be that of dcc simulate. Figures are printed, beside the limits of the design; only a wrong digest,
# a run that does not end and a join that takes ten times its limit fail: others may be using the machine.
set -euo pipefail
cd "$(dirname "$0")/../.."
agent=${1:?the native Dcc.Agent}
build=src/Dcc.Cli/bin/Release/net10.0
folder=$(mktemp -d)
group=dcc-footprint-$$
coordinator='' others=''
memory=/sys/fs/cgroup/memory/$group cpu=/sys/fs/cgroup/cpu/$group unified=/sys/fs/cgroup/$group

finish() {
  # shellcheck disable=SC2086 # Either may be nothing.
  kill -9 $coordinator $others 2>/dev/null || true
  wait 2>/dev/null || true
  rmdir "$memory" "$cpu" "$unified" 2>/dev/null || true
  rm -rf "$folder"
}
trap finish EXIT

confine() { # Makes the cgroup.
  if [ -d /sys/fs/cgroup/memory ]; then
    mkdir "$memory" "$cpu"
    echo $((64 << 20)) >"$memory/memory.limit_in_bytes"
    echo 100000 >"$cpu/cpu.cfs_period_us"
    echo 20000 >"$cpu/cpu.cfs_quota_us"
    procs=("$memory/cgroup.procs" "$cpu/cgroup.procs")
  else
    mkdir "$unified"
    echo $((64 << 20)) >"$unified/memory.max"
    echo "20000 100000" >"$unified/cpu.max"
    procs=("$unified/cgroup.procs")
  fi
}

serve() { # devices, steps: a coordinator; sets address.
  $build/services/Dcc.Coordinator/Dcc.Coordinator --listen http://127.0.0.1:0 --http none --store memory --run footprint --devices "$1" --steps "$2" \
    >"$folder/coordinator" 2>&1 &
  coordinator=$!
  until address=$(grep -so 'http://127.0.0.1:[0-9]*' "$folder/coordinator" | head -1) && [ -n "$address" ]; do sleep 0.05; done
}

since() { # start, device: milliseconds until the coordinator's log says that the device joined.
  local line
  line=$(grep -m1 "device $2 joined" "$folder/coordinator")
  echo $(($(date -d "${line%% *}" +%s%3N) - $1))
}

join() { # command ...: runs agent 0 and sets joined to the milliseconds from exec to the coordinator's line, rss to the most kB it held, code.
  local started line
  started=$(date +%s%3N)
  "$@" "$agent" --coordinator "$address" --run footprint --devices 0 >"$folder/agent" 2>&1 &
  local pid=$!
  rss=0
  while kill -0 "$pid" 2>/dev/null; do
    line=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status" 2>/dev/null) || true
    [ "${line:-0}" -le "$rss" ] || rss=$line
    sleep 0.02
  done
  code=0
  wait "$pid" || code=$?
  joined=$(since "$started" 0)
}

digest() { sed -n 's/.*finished with digest \([0-9a-f]*\).*/\1/p' "$folder/coordinator"; }
stop() {
  kill "$coordinator"
  wait "$coordinator" || true
}
confined() { # In a shell of its own, which joins the group and becomes the agent.
  # shellcheck disable=SC2016 # Expanded by that shell.
  exec bash -c 'for procs in $0; do echo $$ >"$procs"; done; exec "$@"' "${procs[*]}" "$@"
}

whole_run() { # what, command ...: the default run of ten devices, nine of them in a process of their own.
  local what=$1 end
  shift
  serve 10 100000
  "$agent" --coordinator "$address" --run footprint --devices 1-9 >"$folder/others" 2>&1 &
  others=$!
  join "$@"
  wait "$others" || code=$?
  others=''
  end=$(digest)
  stop
  echo "$what: joined in $joined ms, $((rss / 1024)).$(((rss % 1024) * 10 / 1024)) MiB RSS at most, exit code $code, digest $end"
  [ "$code" = 0 ] && [ -n "$end" ] && [ "$end" = "$expected" ]
}

echo "binary: $(stat -c %s "$agent") bytes (limit 15 MB)"

# The first of eight finds a coordinator that has yet to compile what it answers with, and is not counted.
serve 8 2000
times=()
for device in 7 0 1 2 3 4 5 6; do
  started=$(date +%s%3N)
  "$agent" --coordinator "$address" --run footprint --devices "$device" >"$folder/others" 2>&1 &
  others="$others $!"
  until grep -q "device $device joined" "$folder/coordinator"; do sleep 0.05; done
  [ "$device" = 7 ] || times+=("$(since "$started" "$device")")
done
# shellcheck disable=SC2086
wait $others
others=''
stop
mapfile -t times < <(printf '%s\n' "${times[@]}" | sort -n)
echo "exec to first RPC: ${times[3]} ms, the median of ${times[*]} (limit 60 ms)"

expected=$($build/dcc simulate --json --quiet --no-report --output "$folder/run" | sed -n 's/.*"digest":"\([0-9a-f]*\)".*/\1/p')
whole_run "free (limit 25 MB)" env
if [ "$(id -u)" = 0 ]; then
  confine
  whole_run "20 % of a processor, 64 MB (limit 500 ms)" confined
  [ "$joined" -le 5000 ]
fi
