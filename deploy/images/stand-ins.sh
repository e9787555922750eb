#!/usr/bin/env bash
# Makes STAND-INS of the .NET base images where no image registry can be reached: from the packages of this Debian and its .NET SDK, under the names that
# the Dockerfile has; and with "compose" those of PostgreSQL and Prometheus that compose.yaml has. They are for trying both, and for nothing else: what
# runs in them is this machine's Debian. Those that the programs run in have no shell, and no other command.
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

import() { tar -C "$1" -cf - . | podman import --quiet "${@:3}" - "$2" >/dev/null && echo "stand-in $2"; }

if [ "${1:-}" = compose ]; then
  postgres=$(compgen -G '/usr/lib/postgresql/*/bin' | tail -1)
  root "$work/postgres" base-files bash dash coreutils util-linux libc6 tzdata "postgresql-$(basename "$(dirname "$postgres")")"
  cat >"$work/postgres/entry" <<EOF
#!/bin/bash
# What of the official image's entry point compose.yaml uses.
set -eu
export PATH=$postgres:/usr/bin:/bin PGDATA=/var/lib/postgresql/data
if [ "\$(id -u)" = 0 ]; then
  chown postgres "\$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --clear-groups /entry
fi
if [ ! -s "\$PGDATA/PG_VERSION" ]; then
  initdb --encoding=UTF8 --locale=C.UTF-8 --username="\$POSTGRES_USER" --pwfile=<(echo "\$POSTGRES_PASSWORD") --auth=scram-sha-256 >/dev/null
  echo "host all all all scram-sha-256" >>"\$PGDATA/pg_hba.conf"
  echo "create database \$POSTGRES_DB" | postgres --single -D "\$PGDATA" postgres >/dev/null
fi
exec postgres -c listen_addresses='*' -c unix_socket_directories=/tmp
EOF
  chmod 755 "$work/postgres/entry"
  mkdir -p "$work/postgres/var/lib/postgresql/data"
  ln -sf "$postgres/pg_isready" "$work/postgres/usr/bin/pg_isready"
  import "$work/postgres" postgres:17 --change 'ENTRYPOINT ["/entry"]'

  root "$work/prometheus" base-files libc6 tzdata
  rm -rf "${work:?}/prometheus/usr"/{bin,sbin}
  mkdir -p "$work/prometheus/usr/bin" "$work/prometheus/prometheus"
  cp "$(command -v prometheus)" "$work/prometheus/usr/bin/"
  chown 65534:65534 "$work/prometheus/prometheus"
  import "$work/prometheus" prom/prometheus:v3.5.0 --change 'USER 65534:65534' --change 'WORKDIR /prometheus' \
    --change 'ENTRYPOINT ["/usr/bin/prometheus"]' \
    --change 'CMD ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"]'
  exit
fi

root "$work/deps" base-files libc6 libgcc-s1 libssl3 libstdc++6 tzdata zlib1g
rm -rf "${work:?}/deps/usr"/{bin,sbin}
mkdir -p "$work/deps/usr"/{bin,sbin}
import "$work/deps" "$base/runtime-deps:$tag"
mkdir -p "$work/deps/usr/share/dotnet"
cp -a "$dotnet"/{dotnet,host,shared} "$work/deps/usr/share/dotnet/"
ln -sf /usr/share/dotnet/dotnet "$work/deps/usr/bin/dotnet"
import "$work/deps" "$base/aspnet:$tag" --change 'ENV DOTNET_ROOT=/usr/share/dotnet'
root "$work/sdk" base-files bash dash coreutils findutils grep sed libc6 libgcc-s1 libssl3 libstdc++6 tzdata zlib1g-dev clang lld libc6-dev \
  gcc-aarch64-linux-gnu binutils-aarch64-linux-gnu libc6-dev-arm64-cross
mkdir -p "$work/sdk/usr/share" "$work/sdk/usr/bin"
cp -a "$dotnet" "$work/sdk/usr/share/dotnet"
ln -sf /usr/share/dotnet/dotnet "$work/sdk/usr/bin/dotnet"
import "$work/sdk" "$base/sdk:$tag" --change 'ENV DOTNET_ROOT=/usr/share/dotnet'
