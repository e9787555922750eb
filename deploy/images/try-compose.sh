#!/usr/bin/env bash
# Runs compose.yaml, its documented command, with the images of try.sh and stand-ins for the rest (stand-ins.sh compose), on a Docker daemon of its own that
# has no network to fetch from. The digest must be that of dcc simulate, and Prometheus must reach what it scrapes. Grafana is left out: it has no stand-in.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props)
project=dcc-try-$$
work=$(mktemp -d)
export DOCKER_HOST=unix://$work/docker.sock
compose=(docker-compose --project-name "$project" -f deploy/compose.yaml)
export ROUNDS=100 STEPS=20000 PROFILE=lte PAGE_PORT=0 PROMETHEUS_PORT=0

dockerd --host "$DOCKER_HOST" --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" >"$work/log" 2>&1 &
daemon=$!
cleanup() {
  "${compose[@]}" --profile monitoring down --volumes >/dev/null 2>&1 || true
  kill "$daemon" 2>/dev/null || true
  wait "$daemon" || true
  rm -rf "$work"
}
trap cleanup EXIT
for _ in $(seq 100); do
  ! docker version >/dev/null 2>&1 || break
  sleep 0.2
done
docker version >/dev/null || { tail -5 "$work/log" >&2; exit 1; }

for image in "dcc-agent:$version" "dcc-coordinator:$version" "dcc:$version" postgres:17 prom/prometheus:v3.5.0; do
  podman save --quiet "localhost/$image" | docker load --quiet >/dev/null
  docker tag "localhost/$image" "$image"
done

"${compose[@]}" --profile monitoring up -d prometheus 2>"$work/compose" || { cat "$work/compose" >&2; exit 1; }
"${compose[@]}" run --rm result 2>"$work/compose" | tee "$work/result" || { cat "$work/compose" >&2; "${compose[@]}" logs >&2; exit 1; }
digest=$(sed -n 's/^digest *\([0-9a-f]*\).*/\1/p' "$work/result")
expected=$(docker run --rm --read-only --network none --tmpfs /tmp "dcc:$version" \
  simulate --rounds "$ROUNDS" --steps "$STEPS" --quiet --json --no-report --output /tmp/out | sed -n 's/.*"digest":"\([0-9a-f]*\)".*/\1/p')
echo "compose    $digest"
echo "simulate   $expected"
[ -n "$digest" ] && [ "$digest" = "$expected" ]

# One coordinator, five links, and the five agents, which have ended with the run.
page=$("${compose[@]}" --profile monitoring port prometheus 9090)
reached=$(curl -sS "http://$page/api/v1/query" --data-urlencode 'query=sum(max_over_time(up[5m]))' | sed 's/.*"\([0-9]*\)"\]}.*/\1/')
echo "Prometheus reached $reached of 11"
"${compose[@]}" --profile monitoring ps
[ "$reached" = 11 ]
