#!/usr/bin/env bash
# Builds the release archives and their checksums into a folder: deploy/release.sh [FOLDER]
#
#   dcc-agent-VERSION-linux-x64|arm64.tar.gz        native, with unit, configuration and installer for small hosts
#   dcc-agent-VERSION-portable.tar.gz               the same for whatever has the .NET 10 runtime, such as a 32-bit ARM
#   dcc-coordinator-VERSION-linux-x64|arm64.tar.gz  self-contained: a small server needs no .NET
#   dcc-VERSION-linux-x64.tar.gz                    needs the .NET 10 runtime with ASP.NET Core; brings the services that emulate starts
#   SHA256SUMS
#
# TARGETS="agent:linux-arm64 coordinator:linux-x64" builds those only. A warning of the trimmer or the native compiler fails the script.
set -euo pipefail
cd "$(dirname "$0")/.."
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

out=$(mkdir -p "${1:-out/release}" && cd "${1:-out/release}" && pwd)
targets=${TARGETS:-agent:linux-x64 agent:linux-arm64 agent:portable coordinator:linux-x64 coordinator:linux-arm64 dcc:linux-x64}
version=$(sed -n 's|.*<Version>\(.*\)</Version>.*|\1|p' Directory.Build.props)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Archives of the same commit are the same bytes.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}

# Names what is missing for the native builds asked for, all at once; installs nothing.
missing=()
need() { command -v "$1" >/dev/null || missing+=("$2"); }
need_file() { [ -e "$1" ] || missing+=("$2"); }
for target in $targets; do
  case $target in
    agent:linux-*)
      need clang clang
      need ld.lld lld
      ;;&
    agent:linux-x64)
      need_file /usr/include/zlib.h zlib1g-dev
      ;;
    agent:linux-arm64)
      need aarch64-linux-gnu-objcopy binutils-aarch64-linux-gnu
      need aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu
      need_file /usr/aarch64-linux-gnu/lib/crt1.o libc6-dev-arm64-cross
      ;;
    agent:portable | coordinator:linux-x64 | coordinator:linux-arm64 | dcc:linux-x64) ;;
    *)
      echo "release.sh: target: expected agent:, coordinator: or dcc: with a platform of the list above, got $target" >&2
      exit 2
      ;;
  esac
done
if [ "${#missing[@]}" -gt 0 ]; then
  echo "release.sh: missing: apt-get install $(printf '%s\n' "${missing[@]}" | sort -u | tr '\n' ' ')" >&2
  exit 2
fi

# Warnings of referenced packages are collapsed by default, and some are no errors: whatever looks like one counts.
publish() {
  local project=$1 runtime=$2 folder=$3 log=$work/log platform=()
  shift 3
  [ "$runtime" = portable ] || platform=(-r "$runtime")
  if ! dotnet publish "src/$project" -c Release "${platform[@]}" -o "$folder" -p:DebugType=none -p:TrimmerSingleWarn=false "$@" >"$log" 2>&1; then
    tail -20 "$log" >&2
    echo "release.sh: $project for $runtime does not build" >&2
    exit 1
  fi
  if grep -E 'warning [A-Z]+[0-9]+' "$log" >&2; then
    echo "release.sh: $project for $runtime builds with warnings" >&2
    exit 1
  fi
  find "$folder" -name '*.dbg' -delete -o -name '*.pdb' -delete -o -name '*.xml' -delete
}

pack() {
  local name=$1
  tar -C "$work" --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$SOURCE_DATE_EPOCH" -cf - "$name" | gzip -9n >"$out/$name.tar.gz"
  rm -rf "${work:?}/$name"
}

archives=()
for target in $targets; do
  runtime=${target#*:}
  case $target in
    agent:portable)
      name=dcc-agent-$version-portable
      publish Dcc.Agent portable "$work/$name/bin" -p:UseAppHost=false
      # shellcheck disable=SC2016 # Expanded when the agent is started.
      printf '#!/bin/sh\nexec dotnet "$0.dll" "$@"\n' >"$work/$name/bin/Dcc.Agent"
      chmod 755 "$work/$name/bin/Dcc.Agent"
      cp deploy/raspberry-pi/{README.md,install.sh,agent.conf} "$work/$name/"

      # Code that is compiled while it runs has to be written and then executed.
      grep -v '^MemoryDenyWriteExecute=' deploy/raspberry-pi/dcc-agent.service >"$work/$name/dcc-agent.service"
      ;;
    agent:*)
      name=dcc-agent-$version-$runtime
      # Not every objcopy strips what is another processor's.
      native=(-p:PublishAot=true -p:CppCompilerAndLinker=clang)
      [ "$runtime" != linux-arm64 ] || native+=(-p:ObjCopyName=aarch64-linux-gnu-objcopy)
      publish Dcc.Agent "$runtime" "$work/$name/bin" "${native[@]}"
      echo "$name: Dcc.Agent $(stat -c %s "$work/$name/bin/Dcc.Agent") bytes"
      cp deploy/raspberry-pi/{README.md,install.sh,dcc-agent.service,agent.conf} "$work/$name/"
      ;;
    coordinator:*)
      name=dcc-coordinator-$version-$runtime
      publish Dcc.Coordinator "$runtime" "$work/$name/bin" --self-contained
      cp deploy/raspberry-pi/{README.md,install.sh,dcc-coordinator.service,coordinator.conf} "$work/$name/"
      ;;
    dcc:*)
      name=dcc-$version-$runtime
      publish Dcc.Cli "$runtime" "$work/$name" --no-self-contained
      ;;
  esac
  pack "$name"
  archives+=("$name.tar.gz")
done

(cd "$out" && sha256sum "${archives[@]}" >SHA256SUMS && ls -l "${archives[@]}" && cat SHA256SUMS)
