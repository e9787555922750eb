#!/usr/bin/env bash
# tests/browser/screenshots.sh [REPORT.html]: makes docs/screenshots anew, from the Release build; with a report of dcc, its pictures too.
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v pngquant >/dev/null || apt-get install -y -qq --no-install-recommends pngquant >/dev/null
shots=$(mktemp -d)
trap 'rm -rf "$shots"' EXIT
dotnet build -c Release tests/Dcc.Benchmarks
dotnet build -c Release src/Dcc.Cli
node tests/browser/screenshots.mjs "$shots" "$@"
mkdir -p docs/screenshots
for shot in "$shots"/*.png; do
  pngquant --force --speed 1 --output "docs/screenshots/$(basename "$shot")" 256 "$shot"
done
ls -l docs/screenshots
