#!/usr/bin/env bash
# [RUN="--solver dqn ..."] [DEVICES=N] tests/footprint/whole-run.sh COMMAND ...: a run, the default one of ten devices unless these say otherwise, with
# all devices in one agent, which the command starts; its digest must be that of dcc simulate. Needs the Release build.
set -euo pipefail
cd "$(dirname "$0")/../.."
build=src/Dcc.Cli/bin/Release/net10.0
folder=$(mktemp -d)
devices=${DEVICES:-10}
read -ra run <<<"--devices $devices ${RUN:-}"
$build/services/Dcc.Coordinator/Dcc.Coordinator --listen http://127.0.0.1:0 --http none --store memory --run whole "${run[@]}" >"$folder/coordinator" 2>&1 &
coordinator=$!
trap 'kill "$coordinator"; wait "$coordinator" || true; rm -rf "$folder"' EXIT
until address=$(grep -so 'http://127.0.0.1:[0-9]*' "$folder/coordinator" | head -1) && [ -n "$address" ]; do sleep 0.05; done

"$@" --coordinator "$address" --run whole --devices "0-$((devices - 1))" >"$folder/agent" 2>&1 || { tail -5 "$folder/agent" >&2; exit 1; }
end=$(sed -n 's/.*finished with digest \([0-9a-f]*\).*/\1/p' "$folder/coordinator")
expected=$($build/dcc simulate "${run[@]}" --json --quiet --no-report --output "$folder/run" | sed -n 's/.*"digest":"\([0-9a-f]*\)".*/\1/p')
echo "agent    $end"
echo "simulate $expected"
[ -n "$end" ] && [ "$end" = "$expected" ]
