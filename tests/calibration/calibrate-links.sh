#!/usr/bin/env bash
# Compares dcc link with the kernel on the same transfers, and prints a table.
#
#   client namespace                     server namespace
#   measure.py --- veth, unshaped ------ measure.py        for the proxy, with dcc link beside the client
#   measure.py --- veth, kernel -------- measure.py        for the kernel: tbf at the server's end for bandwidth, NFQUEUE and hold.c at
#                                                          both ends for delay, iptables -m statistic at both ends for loss
# Packets are held and dropped where they come in: a packet dropped on its way out is an error of the sender's own, which TCP does not take
# for a loss, and one held there counts against the sender's small queue.
#
# Usage: calibrate-links.sh [--quick] [--write FILE]      FILE gets the table between its two calibration markers
# Needs root. Ends with 0 and a line that says why where it cannot run. About four minutes.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
dcc=${DCC:-$root/src/Dcc.Cli/bin/Release/net10.0/dcc}
quick=false write=""
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=true ;;
    --write) write=${2:?--write FILE}; shift ;;
    *) echo "calibrate-links.sh: expected --quick or --write FILE, got $1" >&2; exit 2 ;;
  esac
  shift
done

skip() { echo "calibration skipped: $1"; exit 0; }
[ "$(uname -s)" = Linux ] || skip "not Linux"
[ "$(id -u)" -eq 0 ] || skip "needs root, for network namespaces"
[ -x "$dcc" ] || skip "no $dcc (dotnet build -c Release src/Dcc.Cli, or set DCC)"
if ! { command -v ip && command -v tc && command -v iptables && command -v gcc && command -v python3 && command -v ethtool \
       && [ -e /usr/include/libnetfilter_queue/libnetfilter_queue.h ]; } >/dev/null; then
  { timeout 120 apt-get update && DEBIAN_FRONTEND=noninteractive timeout 300 apt-get install -y --no-install-recommends \
      iproute2 iptables ethtool gcc libc6-dev python3 libnetfilter-queue-dev; } >/dev/null 2>&1 || skip "tools are missing and apt-get cannot install them"
fi

work=$(mktemp -d)
client=dcc-client-$$ server=dcc-server-$$
effects=() servers=()
cleanup() {
  trap - EXIT
  trap '' INT TERM
  kill "${effects[@]}" "${servers[@]}" 2>/dev/null || true
  wait 2>/dev/null || true
  ip netns del "$client" 2>/dev/null || true
  ip netns del "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

gcc -O2 -Wall -Wextra -o "$work/hold" "$here/hold.c" -lnetfilter_queue -lnfnetlink
ip netns add "$client" 2>/dev/null && ip netns add "$server" || skip "network namespaces cannot be made here"
# Not ip netns exec: it mounts /sys anew.
at() { local name=$1; shift; nsenter --net="/run/netns/$name" "$@"; }
# In the background, so that $! is the program itself.
begin_at() { local name=$1; shift; exec nsenter --net="/run/netns/$name" "$@"; }
ip link add name c0 netns "$client" type veth peer name s0 netns "$server" || skip "veth devices cannot be made here"
for end in "$client c0 10.77.0.1" "$server s0 10.77.0.2"; do
  read -r name device address <<<"$end"
  at "$name" ip link set lo up
  at "$name" ip address add "$address/24" dev "$device"
  # One packet on the wire is one segment, as everywhere beyond the first network card.
  at "$name" ethtool -K "$device" tso off gso off gro off >/dev/null
  at "$name" ip link set "$device" up
done

wait_for() { # FILE TEXT PID
  for _ in $(seq 200); do
    grep -q "$2" "$1" 2>/dev/null && return 0
    kill -0 "$3" 2>/dev/null || break
    sleep 0.05
  done
  echo "calibrate-links.sh: no '$2' in $(cat "$1")" >&2
  return 1
}

begin_at "$server" timeout 1200 python3 "$here/measure.py" serve 10.77.0.2 7000 >"$work/server" & servers+=($!)
wait_for "$work/server" serving $!

# Each sets what lies between, and says in $target where the client connects to.
clear_effects() {
  local name
  [ ${#effects[@]} -eq 0 ] || { kill "${effects[@]}" 2>/dev/null; wait "${effects[@]}" 2>/dev/null; } || true
  effects=()
  at "$server" tc qdisc del dev s0 root 2>/dev/null || true
  for name in "$client" "$server"; do
    at "$name" iptables -t mangle -F
    at "$name" iptables -F
  done
}
kernel() { # [bandwidth TC_RATE BURST] [latency MS] [loss PROBABILITY]
  local name
  clear_effects
  target="10.77.0.2 7000"
  while [ $# -gt 0 ]; do
    case $1 in
      bandwidth) at "$server" tc qdisc add dev s0 root tbf rate "$2" burst "$3" limit 262144; shift 3 ;;
      latency)
        for name in "$client" "$server"; do
          begin_at "$name" "$work/hold" 0 "$2" >"$work/hold-$name" 2>&1 & effects+=($!)
          wait_for "$work/hold-$name" holding $!
          at "$name" iptables -t mangle -A PREROUTING -p tcp -j NFQUEUE --queue-num 0
        done
        shift 2 ;;
      loss)
        for name in "$client" "$server"; do
          at "$name" iptables -A INPUT -p tcp -m statistic --mode random --probability "$2" -j DROP
        done
        shift 2 ;;
    esac
  done
}
proxy() { # OPTIONS of dcc link
  clear_effects
  : >"$work/link"
  begin_at "$client" "$dcc" link --listen 127.0.0.1:0 --upstream 10.77.0.2:7000 "$@" 2>"$work/link" & effects+=($!)
  wait_for "$work/link" "listening on" $!
  target="127.0.0.1 $(sed -n 's/.*listening on [^:]*:\([0-9]*\),.*/\1/p' "$work/link")"
}
measure() { # NAME COMMAND ARGUMENTS: into a file by that name
  local name=$1 command=$2; shift 2
  # shellcheck disable=SC2086 # host and port
  at "$client" timeout 150 python3 "$here/measure.py" "$command" $target "$@" >"$work/$name.json" || echo '{}' >"$work/$name.json"
  echo "  $name" >&2
}
both() { # NAME, then the kernel's words, "--", the proxy's options, "--", the measurement
  local name=$1 words=() options=(); shift
  while [ "$1" != -- ]; do words+=("$1"); shift; done; shift
  while [ "$1" != -- ]; do options+=("$1"); shift; done; shift
  kernel "${words[@]}"; measure "$name.kernel" "$@"
  proxy "${options[@]}"; measure "$name.proxy" "$@"
}

requests=100; $quick && requests=20
both none -- -- ask 1 $((5 * requests)) 30
both rate-64k bandwidth 64kbit 1600 -- --bandwidth "64 kbit/s" -- rate 15
both rate-1m bandwidth 1mbit 3200 -- --bandwidth "1 Mbit/s" -- rate 6
both rate-10m bandwidth 10mbit 8000 -- --bandwidth "10 Mbit/s" -- rate 5
both rate-100m bandwidth 100mbit 32000 -- --bandwidth "100 Mbit/s" -- rate 4
for delay in 10 50 150; do
  both "delay-$delay" latency "$delay" -- --latency "$delay ms" -- ask 4 $((requests / 2)) 30
done
both connect-50 latency 50 -- --latency "50 ms" -- connect 10
both fetch-50 latency 50 -- --latency "50 ms" -- fetch 1048576 3
for loss in 1 5 20; do
  both "loss-$loss" latency 10 loss "$(printf '0.%02d' "$loss")" -- --latency "10 ms" --loss "$loss %" -- ask 20 "$requests" 90
done
both bulk-loss-1 bandwidth 10mbit 8000 latency 10 loss 0.01 -- --bandwidth "10 Mbit/s" --latency "10 ms" --loss "1 %" -- rate 10
clear_effects

python3 "$here/table.py" "$work" "$write"
