#!/bin/sh
# Installs what the archive beside this script holds, the agent or the coordinator; running it again upgrades. Settings that exist are kept.
#
#   ./install.sh                 install, and start where the service was running or is new
#   ./install.sh uninstall       remove program and unit; settings and journals stay
#   ./install.sh uninstall --purge   remove these too
#
# With DESTDIR=FOLDER everything goes below that folder, and systemd is left alone: for packages, images and tests.
set -eu

say() { echo "install.sh: $*"; }
fail() { echo "install.sh: $*" >&2; exit "$code"; }
code=2

here=$(cd "$(dirname "$0")" && pwd)
destination=${DESTDIR:-}
action=${1:-install}
purge=${2:-}

case $action in install | uninstall) ;; *) fail "action: expected install or uninstall, got $action" ;; esac
case $action$purge in install | uninstall | uninstall--purge) ;; *) fail "option: expected --purge after uninstall, got $purge" ;; esac
[ $# -le 2 ] || fail "arguments: expected at most two, got $#"

if [ -f "$here/dcc-agent.service" ] && [ -f "$here/dcc-coordinator.service" ] && [ -z "${PART:-}" ]; then
  fail "PART: expected agent or coordinator where both are at hand, got nothing"
elif [ -n "${PART:-}" ]; then
  part=$PART
elif [ -f "$here/dcc-coordinator.service" ]; then
  part=coordinator
else
  part=agent
fi
case $part in
  agent) program=Dcc.Agent ;;
  coordinator) program=Dcc.Coordinator ;;
  *) fail "PART: expected agent or coordinator, got $part" ;;
esac

service=dcc-$part.service
library=$destination/usr/local/lib/dcc-$part
unit=$destination/etc/systemd/system/$service
settings=$destination/etc/dcc

[ -n "$destination" ] || [ "$(id -u)" -eq 0 ] || fail "user: expected root, got $(id -un)"

# Whether there is a systemd to talk to: not below DESTDIR, not in a container, not while an image is made.
has_systemd() { [ -z "$destination" ] && [ -d /run/systemd/system ]; }

install_part() {
  [ -x "$here/bin/$program" ] || fail "bin/$program: expected the program of the archive, got nothing"
  for file in "$service" "$part.conf"; do
    [ -f "$here/$file" ] || fail "$file: expected it beside install.sh, got nothing"
  done

  # A program of another architecture must not replace one that runs. Below DESTDIR it may well be for another machine.
  code=1
  [ -n "$destination" ] || "$here/bin/$program" --help >/dev/null 2>&1 || fail "bin/$program does not run on this machine ($(uname -m))"

  # The new program is complete before it takes the old one's place, and a running process keeps the old file.
  mkdir -p "$(dirname "$library")" "$(dirname "$unit")" "$settings"
  rm -rf "$library.new" "$library.old"
  cp -R "$here/bin" "$library.new"
  chmod -R u=rwX,go=rX "$library.new"
  [ ! -d "$library" ] || mv "$library" "$library.old"
  mv "$library.new" "$library"
  rm -rf "$library.old"

  (umask 077 && mkdir -p "$settings/credentials")
  cp "$here/$service" "$unit.new" && chmod 644 "$unit.new" && mv "$unit.new" "$unit"
  if [ -f "$settings/$part.conf" ]; then
    say "kept $settings/$part.conf"
  else
    # It may come to hold a password or a token.
    (umask 077 && cp "$here/$part.conf" "$settings/$part.conf")
    say "wrote $settings/$part.conf: edit it"
  fi

  if has_systemd; then
    systemctl daemon-reload
    if systemctl is-enabled --quiet "$service"; then
      systemctl try-restart "$service"
      say "$service is installed anew"
    else
      say "edit $settings/$part.conf, then: systemctl enable --now $service"
    fi
  fi
}

uninstall_part() {
  if has_systemd && [ -f "$unit" ]; then
    systemctl disable --now "$service" || say "$service could not be stopped"
  fi

  rm -rf "$library" "$library.new" "$library.old"
  rm -f "$unit" "$unit.new"
  if has_systemd; then
    systemctl daemon-reload
  fi

  if [ "$purge" = --purge ]; then
    rm -f "$settings/$part.conf"
    [ "$part" != coordinator ] || rm -rf "$destination/var/lib/dcc-coordinator" "$destination/var/lib/private/dcc-coordinator"

    # Credentials may be those of the other part of this host.
    if [ ! -f "$settings/agent.conf" ] && [ ! -f "$settings/coordinator.conf" ]; then
      rm -rf "$settings"
    fi
  else
    say "kept $settings; remove it with: $0 uninstall --purge"
  fi
}

"${action}_part"
say "$action of $part done"
