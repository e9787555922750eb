#!/usr/bin/env bash
# tests/calibration/device-class.sh [CLASS] [FACTOR] [TOLERANCE]: does a device of CLASS learn FACTOR times as slowly as one without limits? One device,
# so that no core is shared; 21 evaluations of some 0.3 s without limits, twice each in turn. The time is the least from push to report: starting and
# evaluating are not in it, and what else runs on the machine only adds to it. Prints both times, their ratio and the factor; fails where the ratio is
# further from the factor than TOLERANCE of it, or where a digest differs. Needs root, cgroups and the Release build.
set -euo pipefail
cd "$(dirname "$0")/../.."
class=${1:-pi-zero-2} factor=${2:-5.308} tolerance=${3:-0.15} # 4448 / 838 MIPS: src/Dcc.Cli/Scenarios/DeviceClass.cs
dcc=src/Dcc.Cli/bin/Release/net10.0/dcc
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

for _ in 1 2; do
  for one in unlimited "$class"; do
    $dcc emulate --devices 1 --rounds 20 --steps 20000000 --link loopback --device-class "$one" --quiet --no-report --force --output "$folder/run"
    grep -o '"digest": *[^,]*' "$folder/run/summary.json" >>"$folder/digests"
    [ "$one" = unlimited ] || grep -q '"deviceClassesEnforced": true' "$folder/run/summary.json"
    sed 1d "$folder/run/rounds.csv" >>"$folder/$one"
  done
done
least() { cut -d, -f11 "$folder/$1" | sort -g | head -1; }
digests=$(sort -u "$folder/digests" | wc -l)
awk -v a="$(least unlimited)" -v b="$(least "$class")" -v class="$class" -v factor="$factor" -v tolerance="$tolerance" -v digests="$digests" 'BEGIN {
  off = b / a / factor - 1
  printf "unlimited %.0f ms, %s %.0f ms: ratio %.2f, factor %.2f, %+.1f %%; digests: %d\n", a, class, b, b / a, factor, 100 * off, digests
  exit !(digests == 1 && off < tolerance && off > -tolerance)
}'
