#!/usr/bin/env bash
# Builds the images with podman, without a network, and runs ten devices in five containers to the end of a run: its digest must be that of dcc simulate.
# The base images must be there: real ones pulled, or the stand-ins of stand-ins.sh. Packages come from the NuGet folder of whoever runs this.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props)
packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
network=dcc-try-$$
cleanup() {
  podman rm -f "${containers[@]}" >/dev/null 2>&1 || true
  podman network rm "$network" >/dev/null 2>&1 || true
}

for target in agent coordinator dcc; do
  image=dcc-$target
  [ "$target" != dcc ] || image=dcc
  podman build --quiet --network=none --build-arg AUDIT=false --build-arg PACKAGES=/root/.nuget/packages -v "$packages:/root/.nuget/packages:ro" \
    -f deploy/images/Dockerfile --target "$target" -t "$image:$version" . >/dev/null
  echo "$image:$version $(podman image inspect --format '{{.Size}}' "$image:$version") bytes, base included"
done

containers=("$network-coordinator")
trap cleanup EXIT
podman network create "$network" >/dev/null
run() {
  local name=$1
  shift
  podman run -d --read-only --cap-drop=all --network "$network" --name "$name" "$@" >/dev/null
}
run "$network-coordinator" --network-alias coordinator "dcc-coordinator:$version" \
  --listen 'http://0.0.0.0:5080' --http none --insecure --store memory --run try --steps 2000
for part in 0 1 2 3 4; do
  containers+=("$network-agent-$part")
  run "$network-agent-$part" "dcc-agent:$version" --coordinator http://coordinator:5080 --run try --devices 0-9 --shard "$part/5"
done

for part in 0 1 2 3 4; do
  code=$(podman wait "$network-agent-$part")
  [ "$code" = 0 ] || { podman logs "$network-agent-$part" >&2; exit 1; }
done
digest=$(podman logs "$network-coordinator" 2>&1 | sed -n 's/.*finished with digest \([0-9a-f]*\).*/\1/p')
expected=$(podman run --rm --read-only --network none "dcc:$version" \
  simulate --steps 2000 --quiet --json --no-report --output /tmp/out | sed -n 's/.*"digest":"\([0-9a-f]*\)".*/\1/p')
echo "containers $digest"
echo "simulate   $expected"
[ -n "$digest" ] && [ "$digest" = "$expected" ]
