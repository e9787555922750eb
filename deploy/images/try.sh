#!/usr/bin/env bash
# Builds the images with podman, without a network, and runs ten devices in five containers to the end of a run: its digest must be that of dcc simulate.
# The root file systems are read-only, with no /tmp either. The base images must be there: real ones pulled, or the stand-ins of stand-ins.sh. Packages
# come from the NuGet folder of whoever runs this.
set -euo pipefail
cd "$(dirname "$0")/../.."

version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props)
export BASE=${BASE:-mcr.microsoft.com/dotnet} TAG=${TAG:-10.0}
packages=${NUGET_PACKAGES:-$HOME/.nuget/packages}
network=dcc-try-$$
cleanup() {
  podman rm -f "${containers[@]}" >/dev/null 2>&1 || true
  podman network rm "$network" >/dev/null 2>&1 || true
}

build() { # target, image, options
  podman build --quiet --format docker --network=none --build-arg "REVISION=$(git rev-parse HEAD)" --build-arg "BASE=$BASE" --build-arg "TAG=$TAG" \
    --build-arg AUDIT=false --build-arg PACKAGES=/root/.nuget/packages -v "$packages:/root/.nuget/packages:ro" \
    -f deploy/images/Dockerfile --target "$1" -t "$2" "${@:3}" . >/dev/null
}
for target in agent coordinator dcc; do
  image=dcc-$target
  [ "$target" != dcc ] || image=dcc
  build "$target" "$image:$version"
  base=$(podman image inspect --format '{{.Size}}' "$BASE/$([ "$target" = agent ] && echo runtime-deps || echo aspnet):$TAG")
  podman image inspect --format "{{.Digest}} {{.Size}}" "$image:$version" \
    | while read -r id size; do echo "$image:$version $id $size bytes, $((size - base)) without the base"; done
done


# The program of the arm64 image; there is no arm64 base to put it on.
build agent-build dcc-try-arm64 --build-arg TARGETARCH=arm64
program=$(podman image mount dcc-try-arm64)/program/Dcc.Agent
[ "$(od -An -j18 -N1 -tu1 "$program" | tr -d ' ')" = 183 ]
echo "arm64: $(stat -c %s "$program") bytes"
podman image umount dcc-try-arm64 >/dev/null
podman rmi dcc-try-arm64 >/dev/null

containers=("$network-coordinator")
trap cleanup EXIT
podman network create "$network" >/dev/null
run() {
  local name=$1
  shift
  podman run -d --read-only --read-only-tmpfs=false --cap-drop=all --security-opt=no-new-privileges --network "$network" --name "$name" "$@" >/dev/null
}
run "$network-coordinator" --network-alias coordinator "dcc-coordinator:$version" \
  --listen 'http://0.0.0.0:5080' --http none --insecure --store memory --run try --steps 20000
start() {
  containers+=("$network-agent-$1")
  run "$network-agent-$1" "dcc-agent:$version" --coordinator http://coordinator:5080 --run try --devices 0-9 --shard "$1/5"
}
for part in 0 1 2 3; do start "$part"; done

# What docker's daemon or systemd would do every 30 s; the run waits for the last agent.
for name in coordinator agent-0; do
  for attempt in $(seq 50); do
    ! podman healthcheck run "$network-$name" >/dev/null 2>&1 || break
    sleep 0.2
  done
  podman healthcheck run "$network-$name"
  echo "$name: healthy, asked $attempt times"
done
start 4

for part in 0 1 2 3 4; do
  code=$(podman wait "$network-agent-$part")
  [ "$code" = 0 ] || { podman logs "$network-agent-$part" >&2; exit 1; }
done
digest=$(podman logs "$network-coordinator" 2>&1 | sed -n 's/.*finished with digest \([0-9a-f]*\).*/\1/p')
expected=$(podman run --rm --read-only --network none "dcc:$version" \
  simulate --steps 20000 --quiet --json --no-report --output /tmp/out | sed -n 's/.*"digest":"\([0-9a-f]*\)".*/\1/p')
echo "containers $digest"
echo "simulate   $expected"
[ -n "$digest" ] && [ "$digest" = "$expected" ]
