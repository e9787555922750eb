#!/usr/bin/env bash
# Makes STAND-INS of the .NET base images where no image registry can be reached: from the packages of this Debian and its .NET SDK, under the names that
# the Dockerfile has. They are for trying the Dockerfile, and for nothing else: what runs in them is this machine's Debian, with a shell.
set -euo pipefail

base=${BASE:-mcr.microsoft.com/dotnet}
tag=${TAG:-10.0}
dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Installed packages with all they depend on, as a file system.
root() {
  local folder=$1 package
  shift
  mkdir -p "$folder"/{tmp,proc,sys,dev,etc,root} "$folder"/usr/{bin,sbin,lib,lib64}
  for link in bin sbin lib lib64; do ln -s "usr/$link" "$folder/$link"; done
  chmod 1777 "$folder/tmp"
  apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances "$@" \
    | grep '^[a-z0-9]' | sort -u | while read -r package; do dpkg -L "$package" 2>/dev/null || true; done \
    | sort -u | while read -r file; do if [ -L "$file" ] || [ -f "$file" ]; then echo "$file"; fi; done >"$work/files"

  # Alternatives, such as cc, belong to no package.
  find /etc/alternatives /usr/bin -type l \( -path '/etc/alternatives/*' -o -lname '/etc/alternatives/*' \) >>"$work/files"
  tar -C / --no-recursion --files-from=<(sed "s,^/,," "$work/files") -cf - | tar -C "$folder" --keep-directory-symlink -xf -
  cp /etc/passwd /etc/group /etc/ld.so.cache "$folder/etc/"
  mkdir -p "$folder/etc/ssl/certs" && cp -L /etc/ssl/certs/ca-certificates.crt "$folder/etc/ssl/certs/"
}

import() { tar -C "$1" -cf - . | podman import --quiet "${@:3}" - "$base/$2:$tag" >/dev/null && echo "stand-in $base/$2:$tag"; }

root "$work/deps" base-files bash dash coreutils libc6 libgcc-s1 libssl3 libstdc++6 tzdata zlib1g
import "$work/deps" runtime-deps
mkdir -p "$work/deps/usr/share/dotnet" "$work/deps/usr/bin"
cp -a "$dotnet"/{dotnet,host,shared} "$work/deps/usr/share/dotnet/"
ln -sf /usr/share/dotnet/dotnet "$work/deps/usr/bin/dotnet"
import "$work/deps" aspnet --change 'ENV DOTNET_ROOT=/usr/share/dotnet'
root "$work/sdk" base-files bash dash coreutils findutils grep sed libc6 libgcc-s1 libssl3 libstdc++6 tzdata zlib1g-dev clang lld libc6-dev
mkdir -p "$work/sdk/usr/share" "$work/sdk/usr/bin"
cp -a "$dotnet" "$work/sdk/usr/share/dotnet"
ln -sf /usr/share/dotnet/dotnet "$work/sdk/usr/bin/dotnet"
import "$work/sdk" sdk --change 'ENV DOTNET_ROOT=/usr/share/dotnet'
